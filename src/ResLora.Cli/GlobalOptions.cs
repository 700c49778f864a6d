using System.CommandLine;

namespace ResLora.Cli;

/// <summary>The options that every command has.</summary>
internal static class GlobalOptions
{
    /// <summary>One JSON document on standard output.</summary>
    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print the result as one JSON document on standard output, and nothing else there.",
        Recursive = true,
    };

    /// <summary>No downloads.</summary>
    public static Option<bool> Offline { get; } = new("--offline")
    {
        Description = "Take what hub:... names from the cache alone and open no connection.",
        Recursive = true,
    };

    /// <summary>More on the log.</summary>
    public static Option<bool> Verbose { get; } = new("--verbose")
    {
        Description = "Tell more on standard error.",
        Recursive = true,
    };
}
