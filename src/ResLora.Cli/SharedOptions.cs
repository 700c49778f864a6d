using System.CommandLine;

namespace ResLora.Cli;

/// <summary>Options that several commands have, so that they read alike everywhere.</summary>
internal static class SharedOptions
{
    /// <summary><c>--set</c>.</summary>
    public static Option<string[]> Set() => new("--set")
    {
        Description = "Override a key of the file, such as adapter.rank=8; may be given several times.",
        HelpName = "KEY=VALUE",
    };

    /// <summary><c>--resume</c>.</summary>
    public static Option<bool> Resume() => new("--resume") { Description = "Go on with the run in this folder from its newest checkpoint." };
}
