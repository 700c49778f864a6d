using System.Text.Json.Serialization;
using ResLora.Adapters.Layers;
using ResLora.Formats.Errors;

namespace ResLora.Adapters.Merging;

/// <summary>How shortcuts are merged away.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MergeMethod>))]
public enum MergeMethod
{
    /// <summary>
    /// Nothing is lost: plain LoRA, the block shortcut as one LoRA of rank R·(m+1) (equation 5), and shortcuts annealed to weight 0.
    /// </summary>
    [JsonStringEnumMemberName("exact")] Exact,

    /// <summary>Least squares on calibration texts: the best merge of rank R for every block by itself.</summary>
    [JsonStringEnumMemberName("least-squares")] LeastSquares,

    /// <summary>Least squares with one number a block instead of a matrix, on calibration texts.</summary>
    [JsonStringEnumMemberName("projection")] Projection,

    /// <summary>The paper's merge by inputs (equations 8, 9 and 12): needs the statistics gathered in training.</summary>
    [JsonStringEnumMemberName("input")] Input,

    /// <summary>The paper's merge by weights (equations 10, 11 and 13).</summary>
    [JsonStringEnumMemberName("weights")] Weights,

    /// <summary>The shortcuts are left out: the control that every merge must beat.</summary>
    [JsonStringEnumMemberName("dropped")] Dropped,
}

/// <summary>Which merge fits which shortcut.</summary>
public static class MergeMethods
{
    private static readonly (MergeMethod Method, string Name, bool NeedsCalibration)[] _all =
    [
        (MergeMethod.Exact, "exact", false),
        (MergeMethod.LeastSquares, "least-squares", true),
        (MergeMethod.Projection, "projection", true),
        (MergeMethod.Input, "input", false),
        (MergeMethod.Weights, "weights", false),
        (MergeMethod.Dropped, "dropped", false),
    ];

    /// <summary>The methods that an adapter allows, the usual one first.</summary>
    /// <param name="adapted">The adapter with its shortcut's present weight.</param>
    /// <returns>One method or more.</returns>
    public static IReadOnlyList<MergeMethod> For(AdaptedModel adapted)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        var methods = For(adapted.Config, adapted.ShortcutWeight);
        return Unfitted(adapted) is null ? methods : [.. methods.Where(method => !NeedsCalibration(method))];
    }

    /// <summary>The methods that settings allow, the usual one first.</summary>
    /// <param name="config">The adapter's settings.</param>
    /// <param name="weight">γ, the shortcut's weight. Default 1.</param>
    /// <returns>One method or more.</returns>
    public static IReadOnlyList<MergeMethod> For(AdapterConfig config, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Kind.Merges(config.Shortcut.Kind, weight);
    }

    /// <summary>Whether a method looks at the activations of calibration texts.</summary>
    /// <param name="method">The method.</param>
    /// <returns>True for least-squares and projection.</returns>
    public static bool NeedsCalibration(MergeMethod method) => Row(method).NeedsCalibration;

    /// <summary>The method's name in configurations and on the command line.</summary>
    /// <param name="method">The method.</param>
    /// <returns>Such as least-squares.</returns>
    public static string Name(MergeMethod method) => Row(method).Name;

    /// <summary>The method of a name.</summary>
    /// <param name="name">exact, least-squares, projection, input, weights or dropped.</param>
    /// <returns>The method.</returns>
    /// <exception cref="ConfigException">There is no such method.</exception>
    public static MergeMethod Parse(string name)
    {
        string[] names = [.. _all.Select(row => row.Name)];
        return Array.IndexOf(names, name) is >= 0 and var index
            ? _all[index].Method
            : throw new ConfigException(
                $"There is no merge method '{name}' ({string.Join(", ", names)}).{NearestName.Suggestion(name, names)}");
    }

    internal static void Require(AdaptedModel adapted, MergeMethod method)
    {
        var allowed = For(adapted);
        if (!allowed.Contains(method))
        {
            var kind = adapted.Config.Shortcut.Kind;
            var structure = kind == ShortcutKind.None
                ? $"plain {adapted.Config.Kind.Title}"
                : $"the {kind.ToString().ToLowerInvariant()} shortcut at weight {adapted.ShortcutWeight:0.###}";
            var of = NeedsCalibration(method) && Unfitted(adapted) is { } block ? $" on a layer such as '{block.ModuleName}' ({block.Site.Kind}), since only linear layers have rows of tokens to calibrate with" : "";
            throw new ConfigException(
                $"Merge method '{Name(method)}' does not fit {structure}{of}; use {string.Join(" or ", allowed.Select(Name))}.");
        }
    }

    private static (MergeMethod Method, string Name, bool NeedsCalibration) Row(MergeMethod method) =>
        Array.Find(_all, row => row.Method == method) is { Name: not null } row
        ? row
        : throw new ArgumentOutOfRangeException(nameof(method), method, "There is no such merge method.");

    /// <summary>A block that reads others and that calibration cannot fit; null where there is none.</summary>
    private static AdapterBlock? Unfitted(AdaptedModel adapted) =>
        adapted.Blocks.FirstOrDefault(block => block.Previous.Count > 0 && block.Site is not LinearSite);
}
