using System.Text.Json;

namespace ResLora.Formats.Files;

/// <summary>
/// <c>.reslora-output.json</c> in every folder that is written as a whole: the names of its files. Only a folder that has one, and holds
/// nothing else, is ever replaced.
/// </summary>
public static class OutputMarker
{
    /// <summary>The marker's name.</summary>
    public const string FileName = ".reslora-output.json";

    private static readonly JsonSerializerOptions _json =
        new() { WriteIndented = true, NewLine = "\n", PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Marks a folder as ours, with all that is in it now.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="Errors.ResLoraException">The disk refuses.</exception>
    public static void Write(string folder) =>
        AtomicFile.WriteText(
            Path.Combine(folder, FileName),
            JsonSerializer.Serialize(new Content([.. Names(folder).Where(name => name != FileName)]), _json) + "\n");

    /// <summary>Whether a folder was written by this program.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>True when it has a marker that can be read.</returns>
    public static bool IsIn(string folder) => Read(folder) is not null;

    /// <summary>What a folder holds that its marker does not name; everything when it has none.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Names relative to the folder, sorted.</returns>
    public static IReadOnlyList<string> Foreign(string folder)
    {
        var ours = Read(folder)?.ToHashSet(StringComparer.Ordinal) ?? [];
        return [.. Names(folder).Where(name => name != FileName && !ours.Contains(name))];
    }

    /// <summary>The files that a folder's marker names; null when there is none that can be read.</summary>
    internal static IReadOnlyList<string>? Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<Content>(File.ReadAllText(Path.Combine(folder, FileName)), _json)?.Files;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Files, links and empty folders in a folder and those below it; links are not followed.</summary>
    internal static IEnumerable<string> Names(string folder)
    {
        var names = new List<string>();
        Collect(new DirectoryInfo(folder), "", names);
        return names.Order(StringComparer.Ordinal);
    }

    private static void Collect(DirectoryInfo folder, string prefix, List<string> names)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos("*", _everything))
        {
            var count = names.Count;
            if (entry is DirectoryInfo inner && entry.LinkTarget is null)
            {
                Collect(inner, $"{prefix}{entry.Name}/", names);
            }

            if (names.Count == count)
            {
                names.Add(prefix + entry.Name);
            }
        }
    }

    private static readonly EnumerationOptions _everything = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    private sealed record Content(IReadOnlyList<string> Files);
}
