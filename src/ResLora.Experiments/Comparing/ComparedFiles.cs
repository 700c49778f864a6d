using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Experiments.Comparing;

/// <summary>Digests of what a comparison is made from, so that a repetition knows whether it has the same.</summary>
internal static class ComparedFiles
{
    public const string Model =
        "model", Training = "training data", Validation = "validation data", Test = "test data", General = "general text",
        StartFrom = "startFrom", ChatTemplate = "chat template";

    /// <summary>The digests, by what they are of.</summary>
    /// <param name="files">The files, by what they are.</param>
    /// <exception cref="FileFormatException">A file is missing or cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyDictionary<string, string> files) =>
        files.ToDictionary(file => file.Key, file => Digest(file.Key, file.Value));

    /// <summary>The files of a comparison, by what they are.</summary>
    /// <param name="config">The comparison.</param>
    public static IReadOnlyDictionary<string, string> FilesOf(CompareConfig config) =>
        FilesOf(config.Run, (Test, config.Settings.Test), (General, config.Settings.GeneralText));

    /// <summary>The files that runs are made from, by what they are.</summary>
    /// <param name="run">The run that all are made from.</param>
    /// <param name="further">What else there is, by what it is; null for nothing.</param>
    public static IReadOnlyDictionary<string, string> FilesOf(RunConfig run, params (string Name, string? Path)[] further)
    {
        (string Name, string? Path)[] files =
        [
            (Model, run.Model), (Training, run.Data.Train), (Validation, run.Data.Validation), (StartFrom, run.StartFrom),
            (ChatTemplate, run.Data.ChatTemplateFile), .. further,
        ];
        return files.Where(file => file.Path is not null).ToDictionary(file => file.Name, file => file.Path!);
    }

    /// <summary>The settings of a run without its paths: digests say what lies there, so that a comparison may be moved.</summary>
    /// <param name="run">The run.</param>
    public static JsonObject SettingsOf(RunConfig run)
    {
        var settings = (JsonObject)JsonSerializer.SerializeToNode(run, ConfigFile.Options)!;
        ConfigBinder.ReplacePaths(settings, typeof(RunConfig), (_, _) => null);
        return settings;
    }

    /// <summary>The digest of a text.</summary>
    /// <param name="text">The text.</param>
    public static string DigestOf(string text) => Short(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The digest of a file, or of a folder's files.</summary>
    /// <param name="name">What it is, for errors.</param>
    /// <param name="path">Where it is.</param>
    /// <exception cref="FileFormatException">It is missing or cannot be read.</exception>
    public static string Digest(string name, string path)
    {
        if (!Path.Exists(path))
        {
            throw new FileFormatException($"The {name} is not there: '{path}' does not exist.");
        }

        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var part in Directory.Exists(path) ? Names(path) : [""])
            {
                var file = part.Length == 0 ? path : Path.Combine(path, part);
                hash.AppendData(Encoding.UTF8.GetBytes(part));
                using var stream = File.OpenRead(file);
                hash.AppendData(SHA256.HashData(stream));
            }

            return Short(hash.GetHashAndReset());
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            throw new FileFormatException($"The {name} '{path}' cannot be read: {error.Message}", error);
        }
    }

    /// <summary>The files of a folder and those below it; hidden ones belong to tools.</summary>
    private static IEnumerable<string> Names(string folder) => Directory
        .EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden })
        .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    private static string Short(byte[] hash)
    {
        const int shown = 16;
        return Convert.ToHexStringLower(hash)[..shown];
    }
}
