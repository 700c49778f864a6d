namespace ResLora.Cli;

/// <summary>How this program is started again.</summary>
internal static class ThisProgram
{
    /// <summary>The program and what stands before its commands: itself, or dotnet and its assembly.</summary>
    public static IReadOnlyList<string> Line()
    {
        var process = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(process).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
            ? [process, typeof(ThisProgram).Assembly.Location]
            : [process];
    }
}
