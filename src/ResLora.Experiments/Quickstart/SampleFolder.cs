using ResLora.Formats.Errors;

namespace ResLora.Experiments.Quickstart;

/// <summary>Finds the sample that the repository ships.</summary>
internal static class SampleFolder
{
    private static readonly string _place = Path.Combine("samples", "word-problems");

    /// <summary>The sample's folder.</summary>
    /// <param name="given">The folder that the user names; null searches upwards from the current folder, then from the program.</param>
    /// <exception cref="ConfigException">There is no complete sample.</exception>
    public static string Find(string? given)
    {
        if (given is not null)
        {
            return Missing(given) is { } lacking
                ? throw new ConfigException($"'{given}' is no complete sample: there is no {lacking} in it.")
                : given;
        }

        return Upwards(Directory.GetCurrentDirectory()).Concat(
            Upwards(AppContext.BaseDirectory)).FirstOrDefault(folder => Missing(folder) is null)
            ?? throw new ConfigException(
                $"There is no {_place} with base/ and data/ in this folder or above it; run this in the repository, or name the sample's folder (--sample).");
    }

    private static IEnumerable<string> Upwards(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            yield return Path.Combine(folder.FullName, _place);
        }
    }

    private static string? Missing(string folder) =>
        new[] { Path.Combine("base", "config.json"), Path.Combine("data", "train.jsonl"), Path.Combine("data", "heldout.jsonl") }
            .FirstOrDefault(file => !File.Exists(Path.Combine(folder, file)));
}
