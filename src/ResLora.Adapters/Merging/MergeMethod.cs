using System.Text.Json.Serialization;
using ResLora.Formats.Errors;

namespace ResLora.Adapters.Merging;

/// <summary>How shortcuts are merged away.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MergeMethod>))]
public enum MergeMethod
{
    /// <summary>Nothing is lost: plain LoRA, and the block shortcut as one LoRA of rank R·(m+1) (equation 5).</summary>
    [JsonStringEnumMemberName("exact")] Exact,

    /// <summary>The paper's merge by inputs (equations 8, 9 and 12): needs the statistics gathered in training.</summary>
    [JsonStringEnumMemberName("input")] Input,

    /// <summary>The paper's merge by weights (equations 10, 11 and 13).</summary>
    [JsonStringEnumMemberName("weights")] Weights,
}

/// <summary>Which merge fits which shortcut.</summary>
public static class MergeMethods
{
    /// <summary>The methods that a structure allows, the usual one first.</summary>
    /// <param name="kind">The adapter's shortcut.</param>
    /// <returns>One method or more.</returns>
    public static IReadOnlyList<MergeMethod> For(ShortcutKind kind) => kind is ShortcutKind.None or ShortcutKind.Block
        ? [MergeMethod.Exact]
        : [MergeMethod.Input, MergeMethod.Weights];

    /// <summary>The method's name in configurations and on the command line.</summary>
    /// <param name="method">The method.</param>
    /// <returns>exact, input or weights.</returns>
    public static string Name(MergeMethod method) => method switch
    {
        MergeMethod.Exact => "exact",
        MergeMethod.Input => "input",
        _ => "weights",
    };

    /// <summary>The method of a name.</summary>
    /// <param name="name">exact, input or weights.</param>
    /// <returns>The method.</returns>
    /// <exception cref="ConfigException">There is no such method.</exception>
    public static MergeMethod Parse(string name) => name switch
    {
        "exact" => MergeMethod.Exact,
        "input" => MergeMethod.Input,
        "weights" => MergeMethod.Weights,
        _ => throw new ConfigException($"There is no merge method '{name}' (exact, input, weights).{NearestName.Suggestion(name, ["exact", "input", "weights"])}"),
    };

    internal static void Require(ShortcutKind kind, MergeMethod method)
    {
        var allowed = For(kind);
        if (!allowed.Contains(method))
        {
            var structure = kind == ShortcutKind.None ? "plain LoRA" : $"the {kind.ToString().ToLowerInvariant()} shortcut";
            throw new ConfigException(
                $"Merge method '{Name(method)}' does not fit {structure}; use {string.Join(" or ", allowed.Select(Name))}.");
        }
    }
}
