using System.Text.Json;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;

namespace ResLora.Experiments.Sweeping;

/// <summary>The section <c>sweep</c> of a sweep's file, which has the keys of a run besides (docs/sweep.md).</summary>
public sealed record SweepSettings : ICheckedConfig
{
    /// <summary>The most points that are trained.</summary>
    internal const int MostPoints = 1000;

    /// <summary>
    /// What is varied: keys of the run and a list of values for each, such as <c>adapter.rank: [4, 8, 16]</c>; <c>--over</c> adds to them.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Over { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The seeds; each point is trained once with each. Default 1, 2 and 3.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2, 3];

    /// <summary>The points that are trained: grid, every combination of values, or random, some of them. Default grid.</summary>
    public PointSource Points { get; init; }

    /// <summary>How many points are drawn at random; for random points alone, and needed there. Default: none.</summary>
    public int? Budget { get; init; }

    /// <summary>The seed by which points are drawn; a larger budget draws the same ones and more. Default 0.</summary>
    public long DrawSeed { get; init; }

    /// <summary>Successive halving, which gives hopeless points up early. Default: all points are trained to the end.</summary>
    public HalvingSettings? Halving { get; init; }

    /// <summary>Whether it is known which points there are, however wrong they may be.</summary>
    internal bool HasPoints => Over.Values.All(IsChoice) && !CountProblems().Any();

    /// <inheritdoc />
    public IEnumerable<string> Problems() =>
    [
        .. SeedList.Problems(Seeds),
        .. Halving?.Problems().Select(problem => $"halving.{problem}") ?? [],
        .. Over.SelectMany(ProblemsOf),
        .. Over.Values.All(IsChoice) ? CountProblems() : [],
    ];

    private IEnumerable<string> ProblemsOf(KeyValuePair<string, JsonElement> swept)
    {
        var (key, values) = swept;
        var single = values.ValueKind == JsonValueKind.Array
            ? values.EnumerateArray().SelectMany(value => DottedKeys.Of(typeof(RunConfig), key, value)).Select(setting => setting.Key)
            : [key];
        foreach (var shared in single.Distinct().Where(ArmSettings.IsShared))
        {
            yield return $"over has '{shared}', which all points must have in common; leave it out";
        }

        if (Over.Keys.FirstOrDefault(other => key.StartsWith(other + ".", StringComparison.Ordinal)) is { } around)
        {
            yield return $"over has '{around}' and '{key}', which lies within it; leave one of them out";
        }

        if (values.ValueKind != JsonValueKind.Array)
        {
            yield return $"over.{key} is {values.GetRawText()}; it needs a list of values, such as [4, 8]";
            yield break;
        }

        if (values.GetArrayLength() < 2)
        {
            yield return $"over.{key} has {(values.GetArrayLength() == 0 ? "no value" : "one value")}, which leaves nothing to vary; "
                + "give two or more, or set the key itself";
        }

        foreach (var twice in values.EnumerateArray().GroupBy(value => value.GetRawText()).Where(group => group.Count() > 1))
        {
            yield return $"over.{key} has {twice.Key} more than once";
        }
    }

    private IEnumerable<string> CountProblems()
    {
        var all = Over.Values.Aggregate(1.0, (count, values) => count * values.GetArrayLength());
        if (Over.Count == 0)
        {
            yield return "over is empty; name keys and their values, such as over: {adapter.rank: [4, 8]} or --over adapter.rank=4,8";
        }
        else if (Points == PointSource.Grid && all > MostPoints)
        {
            yield return $"over makes {all:0} points, and {MostPoints} are the most; take fewer values, or points: random with a budget";
        }

        if (Points == PointSource.Grid && Budget is not null)
        {
            yield return "budget is for points: random; a grid trains every point";
        }

        if (Points == PointSource.Random && !(Budget is >= 2 and <= MostPoints))
        {
            yield return $"budget is {Budget?.ToString() ?? "missing"}, and points are random; "
                + $"give how many are drawn, from 2 to {MostPoints}";
        }
        else if (Points == PointSource.Random && Over.Count > 0 && Budget > all)
        {
            yield return $"budget is {Budget}, and over makes {all:0} points only; take points: grid";
        }
    }

    private static bool IsChoice(JsonElement values) => values.ValueKind == JsonValueKind.Array && values.GetArrayLength() > 0;
}
