namespace TextualInversion.Cli.Infrastructure;

/// <summary>Runs another command of <c>ti</c> as if it were typed.</summary>
/// <param name="args">The arguments.</param>
/// <param name="output">Receives results.</param>
/// <param name="error">Receives progress, warnings and errors.</param>
/// <returns>The exit code.</returns>
internal delegate Task<int> CommandRunner(string[] args, TextWriter output, TextWriter error);
