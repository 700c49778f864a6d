using System.Globalization;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Models;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>Rows of a plan that several targets have.</summary>
internal static class Features
{
    /// <summary>What becomes of the shortcuts; none when there are none.</summary>
    public static IEnumerable<ExportFeature> Shortcuts(ExportSource source)
    {
        if (source.Adapter is { Config.Shortcut.Kind: not ShortcutKind.None and var kind })
        {
            var name = $"{kind.ToString().ToLowerInvariant()} shortcut";
            var rank = source.Blocks.Max(block => block.MergedRank);
            yield return new ExportFeature(name, FeatureState.Baked, source.IsExact
                ? Text($"merged exactly: a block and those that it reads become one LoRA of rank up to {rank}")
                : $"merged approximately, method {MergeMethods.Name(source.Method)}; what it costs is measured");
        }
    }

    /// <summary>Blocks that the target has no place for.</summary>
    public static IEnumerable<ExportFeature> LeftOut(ExportSource source, IExportTarget target, string reason)
    {
        var left = source.Blocks.Where(block => !target.Holds(block.Module)).Select(block => block.Module).ToArray();
        if (left.Length > 0)
        {
            yield return new ExportFeature($"block on {string.Join(", ", left)}", FeatureState.Lost, reason);
        }
    }

    /// <summary>What becomes of an adapter that is added to the weights.</summary>
    public static IEnumerable<ExportFeature> AddedToWeights(ExportSource source)
    {
        if (source.Adapter is { } adapter)
        {
            foreach (var feature in Shortcuts(source))
            {
                yield return feature;
            }

            var rankStabilized = adapter.Config.RankStabilized ? "rank-stabilised " : "";
            yield return new ExportFeature(
                "adapter",
                FeatureState.Baked,
                $"added to the weights of {source.Blocks.Count} layers with its {rankStabilized}scaling: W + s B A");
            if (source.BesidesLora.Count > 0)
            {
                yield return new ExportFeature(
                    "besides LoRA", FeatureState.Baked, $"in the weights: {string.Join(", ", source.BesidesLora)}");
            }

            if (adapter.Config.Dropout > 0)
            {
                yield return Dropout(FeatureState.Baked);
            }
        }
    }

    /// <summary>Dropout, which acts in training only.</summary>
    public static ExportFeature Dropout(FeatureState state) => new("dropout", state, state == FeatureState.Kept
        ? "written down for training on; it does nothing when the model is used"
        : "written as 0; it does nothing when the model is used");

    /// <summary>How the weights of a model are stored.</summary>
    public static IEnumerable<ExportFeature> Weights(ExportSource source)
    {
        var from = ExportTypes.Of(source.StoredType);
        yield return new ExportFeature("number type", from == source.Type ? FeatureState.Kept : FeatureState.Baked, (
            from == source.Type, Holds(source.Type, from)) switch
        {
            (true, _) => $"{source.Type.Name()}, as in the source",
            (_, true) => $"{from.Name()} becomes {source.Type.Name()}, which holds every such number",
            _ when source.Type == ExportType.Q8 =>
                $"matrices are rounded from {from.Name()} to q8_0, as asked; norms and biases are f32; the proof measures it",
            _ => $"{from.Name()} is rounded to {source.Type.Name()}{(source.TypeWasAsked ? ", as asked" : "")}; the proof measures it",
        });
        var others = source.OtherTypes.Where(type => !Holds(source.Type, ExportTypes.Of(type))).ToArray();
        if (others.Length > 0)
        {
            yield return new ExportFeature(
                "mixed number types",
                source.TypeWasAsked ? FeatureState.Baked : FeatureState.Lost,
                $"some tensors are {string.Join(", ", others.Select(type => ExportTypes.Of(type).Name()))} in the source and are rounded to {source.Type.Name()}{(source.TypeWasAsked ? ", as asked" : "; --type f32 keeps them")}");
        }
    }

    /// <summary>The output head of a model.</summary>
    public static IEnumerable<ExportFeature> Head(ExportSource source)
    {
        if (source.Causal is { } causal)
        {
            yield return new ExportFeature(
                "output head", FeatureState.Kept, causal.HasOwnHead ? "its own tensor" : "the embedding itself, stored once");
        }
    }

    /// <summary>What an encoder's head predicts.</summary>
    /// <param name="source">What is exported.</param>
    /// <param name="place">Where the names stand.</param>
    public static IEnumerable<ExportFeature> ModelHead(ExportSource source, string place)
    {
        if (source.Head is { } head)
        {
            yield return head.Kind switch
            {
                ModelHeadKind.MaskedTokens => new ExportFeature("head", FeatureState.Kept, "for masked tokens"),
                ModelHeadKind.Score => new ExportFeature("score", FeatureState.Kept, $"{head.Labels[0]}, in {place}"),
                _ => new ExportFeature("labels", FeatureState.Kept, $"{string.Join(", ", head.Labels)}, in {place}"),
            };
        }
    }

    /// <summary>A number as it is shown.</summary>
    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether one type holds every number of another.</summary>
    private static bool Holds(ExportType outer, ExportType inner) => outer == inner || outer == ExportType.F32;
}
