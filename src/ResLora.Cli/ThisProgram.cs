using System.Reflection;

namespace ResLora.Cli;

/// <summary>How the program that runs is started again.</summary>
internal static class ThisProgram
{
    /// <summary>The program and what stands before its commands: itself, or dotnet and its assembly.</summary>
    /// <param name="assembly">The program's assembly.</param>
    public static IReadOnlyList<string> Line(Assembly assembly)
    {
        var process = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(process).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
            ? [process, assembly.Location]
            : [process];
    }
}
