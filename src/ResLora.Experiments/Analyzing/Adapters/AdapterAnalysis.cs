using System.Globalization;
using System.Text.RegularExpressions;
using ResLora.Adapters;
using ResLora.Experiments.Inspection.Adapters;
using ResLora.Formats.Errors;
using ResLora.Tensors;
using ResLora.Training;
using static TorchSharp.torch;

namespace ResLora.Experiments.Analyzing.Adapters;

/// <summary>What a trained adapter says of itself, without any training and any data.</summary>
/// <param name="Adapter">The adapter.</param>
/// <param name="Model">The base model that it was held against; null for none.</param>
/// <param name="Shortcut">The shortcut, in a word.</param>
/// <param name="Blocks">The blocks, chain by chain, first to last.</param>
/// <param name="Notes">What is seen, a sentence each.</param>
public sealed partial record AdapterAnalysis(
    string Adapter, string? Model, string Shortcut, IReadOnlyList<AnalyzedBlock> Blocks, IReadOnlyList<string> Notes)
{
    /// <summary>Looks at an adapter.</summary>
    /// <param name="path">An adapter folder or a LoRA file.</param>
    /// <param name="model">The base model; null for the one that the adapter names, if that is here.</param>
    /// <exception cref="ResLoraException">A file cannot be used, or the method's updates are no products s · B A.</exception>
    public static AdapterAnalysis Of(string path, string? model)
    {
        ArgumentNullException.ThrowIfNull(path);
        var description = AdapterStore.Describe(path);
        var held = model ?? (description.BaseModel is { } named && Path.Exists(named) ? named : null);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        return held is null ? ByItself(path, description) : OnModel(path, description, held);
    }

    private static AdapterAnalysis ByItself(string path, AdapterDescription description)
    {
        if (description.Config.Method is not null)
        {
            throw new ConfigException(
                $"{path}: the updates of {description.Config.Kind.Title} cannot be told from its file alone; "
                + "name its base model (--model).");
        }

        using var file = TensorFiles.OpenSafetensorsOrPickle(description.TensorFile);
        AnalyzedPair[] pairs =
        [
            .. StoredPairs.Of(file).Select(stored =>
            {
                var module = stored.Module.StartsWith(description.Prefix, StringComparison.Ordinal)
                    ? stored.Module[description.Prefix.Length..]
                    : stored.Module;
                var scaling = description.Overrides.For(description.Config, module).Scaling;
                return new AnalyzedPair(module, new LoraPair(Matrix(stored.ReadA()), Matrix(stored.ReadB()), scaling));
            }),
        ];
        string[] order = [.. pairs.Select(pair => pair.Module).OrderBy(InOrder, StringComparer.Ordinal)];
        var (chains, _) = ShortcutChain.Build(
            pairs.Select(pair => new ChainLink(pair.Module, pair.Lora.A.shape[^1], pair.Lora.B.shape[0])), order);
        return Of(path, null, description, chains, pairs);
    }

    /// <summary>A kernel's factors as those of a linear layer: [R, C, H, W] -> [R, C · H · W].</summary>
    private static Tensor Matrix(Tensor factor) => factor.to(float32).flatten(1);

    /// <summary>A name whose numbers stand in their order: of layers 2 and 10, 2 comes first.</summary>
    private static string InOrder(string module)
    {
        const int mostDigits = 10;
        return Number().Replace(module, number => number.Value.PadLeft(mostDigits, '0'));
    }

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    private static AdapterAnalysis OnModel(string path, AdapterDescription description, string model)
    {
        using var session = ModelSession.Load(model, path);
        var adapter = session.Adapter!;
        var alphas = WeightAlphas.Of(adapter);
        AnalyzedPair[] pairs =
        [
            .. adapter.Blocks.Select(block => new AnalyzedPair(
                block.ModuleName,
                block.AsLowRank() ?? throw new ConfigException(
                    $"{path}: the updates of {description.Config.Kind.Title} are no products of two factors, which is what analyze looks "
                    + "at; take an adapter of low rank."),
                block.Site.Weight.to(float32).norm().item<float>(),
                alphas.TryGetValue(block.ModuleName, out var alpha) ? alpha : null)),
        ];
        return Of(path, model, description, adapter.Chains, pairs);
    }

    private static AdapterAnalysis Of(
        string path, string? model, AdapterDescription description, IReadOnlyList<ShortcutChain> chains, AnalyzedPair[] pairs)
    {
        var byName = pairs.ToDictionary(pair => pair.Module, StringComparer.Ordinal);
        AnalyzedBlock[] blocks =
        [
            .. from chain in chains
               from at in chain.Blocks.Index()
               select Block(chain.Name, byName[at.Item], at.Index == 0 ? null : byName[chain.Blocks[at.Index - 1]]),
        ];
        var kind = description.Config.Shortcut.Kind;
        return new AdapterAnalysis(
            path, model, kind.ToString().ToLowerInvariant(), blocks, [.. Findings(path, model, kind, description.ShortcutWeight, blocks)]);
    }

    private static AnalyzedBlock Block(string chain, AnalyzedPair pair, AnalyzedPair? before)
    {
        var health = BlockHealth.Of(new StoredPair(pair.Module, () => pair.Lora.A.alias(), () => pair.Lora.B.alias()));
        var update = pair.Lora.Scaling * health.Norm;
        return new AnalyzedBlock(
            pair.Module,
            chain,
            health.Rank,
            health.EffectiveRank,
            update,
            update / pair.Weight,
            before is null ? null : Cosine(pair.Lora, before.Lora),
            pair.AlphaByWeights);
    }

    private static double? Cosine(LoraPair first, LoraPair second)
    {
        var sizes = Math.Sqrt(LoraMath.Dot(first, first) * LoraMath.Dot(second, second));
        return sizes > 0 ? LoraMath.Dot(first, second) / sizes : null;
    }

    private static IEnumerable<string> Findings(
        string path, string? model, ShortcutKind kind, double shortcutWeight, AnalyzedBlock[] blocks)
    {
        double[] cosines = [.. blocks.Select(block => block.Cosine).OfType<double>()];
        if (cosines.Length > 0)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"Updates of neighbouring blocks: cosine {cosines.Average():0.000} on average, {cosines.Min():0.000} to {cosines.Max():0.000}. ")
                + "Two unrelated updates of these sizes have one near 0.";
        }

        yield return kind switch
        {
            ShortcutKind.None => "There is no shortcut, so that merging costs nothing but rounding.",
            _ when shortcutWeight == 0 => "Its shortcuts are annealed away, so that merging costs nothing but rounding.",
            ShortcutKind.Block => "The block shortcut merges exactly: it costs nothing but rounding, at a rank of (m + 1) R.",
            _ => $"What merging the {kind.ToString().ToLowerInvariant()} shortcut costs depends on texts, which analyze does not look at; "
                + $"reslora merge --adapter {path} measures it.",
        };
        if (model is null)
        {
            yield return "Without the base model there are no sizes of W and no alpha*; name it (--model).";
        }
    }
}
