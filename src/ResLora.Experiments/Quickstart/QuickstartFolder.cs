using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Experiments.Quickstart;

/// <summary>The folder that a quickstart writes: an earlier one there makes room, and anything else is not ours to delete.</summary>
internal static partial class QuickstartFolder
{
    /// <summary>The report's name.</summary>
    public const string ReportFileName = "quickstart.json";

    // From the start, so that a quickstart that was interrupted is known for one.
    private const string Begun = "{}\n";

    /// <summary>Empties the folder of an earlier quickstart and begins a new one; the folder itself stays.</summary>
    /// <exception cref="ConfigException">There is something else in the folder, or it holds the sample.</exception>
    public static void MakeRoom(string output, string sample)
    {
        var report = Path.Combine(output, ReportFileName);
        if (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any())
        {
            if (!File.Exists(report))
            {
                throw new ConfigException($"'{output}' is not empty and holds no earlier quickstart; choose another folder (--output).");
            }

            RequireOnlyOurs(output, wasKilled: File.ReadAllText(report) == Begun);
        }

        OutputGuard.RequireFolder(output, overwrite: true, sample);
        Clear(output);
        AtomicFile.WriteText(report, Begun);
        OutputMarker.Write(output);
    }

    /// <summary>Says which files are those of a quickstart that failed, so that the next one may delete them.</summary>
    public static void TryMark(string output)
    {
        try
        {
            OutputMarker.Write(output);
        }
        catch (ResLoraException)
        {
            // The failure itself is what is to be told; the files are still known by their names.
        }
    }

    /// <summary>One that was killed could not mark its files; those are then known by their names.</summary>
    private static void RequireOnlyOurs(string output, bool wasKilled)
    {
        if (wasKilled && OutputMarker.IsIn(output) && OutputMarker.Foreign(output).All(name => Known().IsMatch(name)))
        {
            OutputMarker.Write(output);
        }
    }

    private static void Clear(string output)
    {
        try
        {
            foreach (var path in Directory.Exists(output) ? Directory.EnumerateFileSystemEntries(output) : [])
            {
                if (Path.GetFileName(path) is ReportFileName or OutputMarker.FileName)
                {
                    continue;
                }

                if (Directory.Exists(path))
                {
                    Directory.Delete(path, recursive: true);
                }
                else
                {
                    File.Delete(path);
                }
            }
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            throw new ConfigException($"The earlier quickstart in '{output}' cannot be deleted: {error.Message}", error);
        }
    }

    [GeneratedRegex(
        @"^((lora|reslora)/([a-z]+\.(yaml|jsonl|lock|pid|png)|tensorboard/[^/]+|(best|last|checkpoints/step-\d+)/[^/]+)|reslora-(peft|merged)/[^/]+|[a-z]+\.png)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Known();
}
