using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TextualInversion.Native;

namespace TextualInversion.Tests.Native;

[SuppressMessage("Usage", "CA2201", Justification = "The runtime and TorchSharp throw these.")]
public sealed class OutOfMemoryTests
{
    [Theory]
    [InlineData("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes.")]
    [InlineData("DefaultCPUAllocator: not enough memory: you tried to allocate 4 bytes.")]
    [InlineData("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 11.76 GiB")]
    [InlineData("CUDA error: out of memory")]
    [InlineData("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")]
    [InlineData("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")]
    [InlineData("MPS backend out of memory (MPS allocated: 9.00 GB)")]
    [InlineData("std::bad_alloc")]
    [InlineData("could not create a memory object")]
    public void Is_MessageOfLibtorch_IsRecognized(string message) =>
        Assert.True(OutOfMemory.Is(new ExternalException(message)));

    [Fact]
    public void Is_OtherProblems_AreNot()
    {
        Assert.False(OutOfMemory.Is(new ExternalException("expected scalar type Float but found Half")));
        Assert.False(OutOfMemory.Is(new IOException("out of memory"))); // a file of that name
        Assert.True(OutOfMemory.Is(new OutOfMemoryException()));
        Assert.True(OutOfMemory.Is(new InsufficientMemoryException()));
    }
}
