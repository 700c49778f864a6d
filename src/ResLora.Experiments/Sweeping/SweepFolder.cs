using System.Globalization;
using System.Text.Json;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Configuration;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Sweeping;

/// <summary>The folder of a sweep: identity.json, runs/POINT/seed-…/, and the reports.</summary>
/// <param name="path">The folder.</param>
public sealed class SweepFolder(string path)
{
    private readonly string _path = path;

    /// <summary>Every figure, from which the other reports are made.</summary>
    public string ReportFile => In("sweep.json");

    /// <summary>The report to read as text.</summary>
    public string MarkdownFile => In("sweep.md");

    /// <summary>The report to look at, which is one file.</summary>
    public string HtmlFile => In("sweep.html");

    /// <summary>The pictures of responses.</summary>
    public string PlotFolder => In("plots");

    /// <summary>The folder of a point's run.</summary>
    /// <param name="point">The point.</param>
    /// <param name="seed">The seed.</param>
    public string RunOf(SweepPoint point, long seed)
    {
        ArgumentNullException.ThrowIfNull(point);
        return In(string.Create(CultureInfo.InvariantCulture, $"runs/{point.Folder}/seed-{seed}"));
    }

    /// <summary>Takes the folder for a sweep, which is begun or goes on.</summary>
    /// <param name="plan">The sweep.</param>
    /// <returns>The lock on the folder, the caller's.</returns>
    /// <exception cref="ConfigException">It holds another sweep or something else, or one is going on there.</exception>
    internal RunLock Enter(SweepPlan plan)
    {
        var (config, settings) = (plan.Config, plan.Config.Settings);
        var identity = ClaimedFolder.IdentityOf(config.Run, plan.Sources);
        var isHalved = settings.Halving is not null;
        identity["sweep"] = JsonSerializer.Serialize(
            new
            {
                settings.Halving,
                // Which points go on depends on all the others.
                Over = isHalved ? config.Points.Select(point => point.Name) : null,
                Seeds = isHalved ? settings.Seeds : null,
            },
            ConfigFile.Options);
        var mayChange = !isHalved ? "Values and seeds may be added." : "With halving, values and seeds stay as they are.";
        return new ClaimedFolder(_path, "identity.json", "sweep", mayChange).Enter(identity);
    }

    private string In(string name) => Path.Combine(_path, name);
}
