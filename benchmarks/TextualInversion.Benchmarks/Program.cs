using BenchmarkDotNet.Running;
using TextualInversion;

TorchRuntime.Initialize(new TorchRuntimeOptions { TuneAllocator = true }); // as ti train does
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
