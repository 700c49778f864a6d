using System.Globalization;
using System.Text.Json;
using ResLora.Experiments.Configuration;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>The folder of a comparison: comparison.json, tune/ARM/rate-…/, runs/ARM/seed-…/, and the reports.</summary>
/// <param name="path">The folder.</param>
public sealed class CompareFolder(string path)
{
    /// <summary>The folder itself.</summary>
    public string Path { get; } = path;

    /// <summary>What is compared, so that no other comparison goes on here.</summary>
    public string IdentityFile => Claim.IdentityFile;

    /// <summary>Every figure, from which the other reports are made.</summary>
    public string ReportFile => In("report.json");

    /// <summary>The report to read as text.</summary>
    public string MarkdownFile => In("report.md");

    /// <summary>The report to look at, which is one file.</summary>
    public string HtmlFile => In("report.html");

    /// <summary>The pictures of scores and losses.</summary>
    public string PlotFolder => In("plots");

    /// <summary>The folders of all runs that are compared, those that are not done among them.</summary>
    public IEnumerable<string> Runs => Directory.Exists(In("runs"))
        ? Directory.GetDirectories(In("runs")).SelectMany(Directory.GetDirectories).Order(StringComparer.Ordinal)
        : [];

    /// <summary>The folder of an arm's run.</summary>
    /// <param name="arm">The arm's name.</param>
    /// <param name="seed">The seed.</param>
    public string RunOf(string arm, long seed) => In(string.Create(CultureInfo.InvariantCulture, $"runs/{arm}/seed-{seed}"));

    /// <summary>The folder of a run that tries a learning rate.</summary>
    /// <param name="arm">The arm's name.</param>
    /// <param name="rate">The learning rate.</param>
    public string TuningOf(string arm, double rate) => In(string.Create(CultureInfo.InvariantCulture, $"tune/{arm}/rate-{rate}"));

    /// <summary>What was measured of the model without any training.</summary>
    internal string BaseFile => In("base.json");

    private ClaimedFolder Claim => new(Path, "comparison.json", "comparison", "Arms and seeds may be added.");

    /// <summary>Takes the folder for a comparison, which is begun or goes on.</summary>
    /// <param name="config">The comparison.</param>
    /// <param name="sources">Digests of model and data.</param>
    /// <returns>The lock on the folder, the caller's.</returns>
    /// <exception cref="ConfigException">It holds another comparison or something else, or one is going on there.</exception>
    internal RunLock Enter(CompareConfig config, IReadOnlyDictionary<string, string> sources) => Claim.Enter(Identity(config, sources));

    /// <summary>What may not change while a comparison goes on; an arm's own settings are those of its runs.</summary>
    private static SortedDictionary<string, string> Identity(CompareConfig config, IReadOnlyDictionary<string, string> sources)
    {
        // The general text decides nothing, so that it may be added when all is trained.
        var identity = ClaimedFolder.IdentityOf(config.Run, sources.Where(source => source.Key != ComparedFiles.General));
        var settings = config.Settings;
        identity["compare"] = JsonSerializer.Serialize(
            new { settings.TestSplit, settings.TestCount, settings.MaxNewTokens, settings.Weights, settings.Tune }, ConfigFile.Options);
        return identity;
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
