using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>Merges the shortcuts of an adapter away. Base weights are read, never written.</summary>
public static class Merger
{
    /// <summary>Merges every block by a method that needs no calibration texts.</summary>
    /// <param name="adapted">The adapted model; not changed.</param>
    /// <param name="method">The method; it must fit the adapter (<see cref="MergeMethods.For(AdaptedModel)"/>).</param>
    /// <returns>Ordinary LoRA blocks, owned by the caller.</returns>
    /// <exception cref="ConfigException">The method does not fit, or its statistics were never gathered.</exception>
    /// <remarks>arXiv:2402.18039, section 3.3.</remarks>
    public static MergedAdapter Merge(AdaptedModel adapted, MergeMethod method) => Merge(adapted, new MergeSettings(method), []);

    /// <summary>Merges every block.</summary>
    /// <param name="adapted">The adapted model; not changed.</param>
    /// <param name="settings">The method, which must fit the adapter, and how it is carried out.</param>
    /// <param name="calibration">The calibration texts; empty for methods that need none.</param>
    /// <param name="progress">Is told how far a calibration is; null for nobody.</param>
    /// <returns>Ordinary LoRA blocks, owned by the caller.</returns>
    /// <exception cref="ConfigException">
    /// The method does not fit, its statistics were never gathered, there are no calibration texts, or they need more memory than is
    /// allowed.
    /// </exception>
    public static MergedAdapter Merge(
        AdaptedModel adapted, MergeSettings settings, IReadOnlyList<CalibrationBatch> calibration, IProgress<CalibrationProgress>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(calibration);
        MergeMethods.Require(adapted, settings.Method);
        var problems = settings.Problems().ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException($"merge: {string.Join("; ", problems)}.");
        }

        using var noGradient = no_grad();
        if (!MergeMethods.NeedsCalibration(settings.Method))
        {
            return WithoutTexts(adapted, settings);
        }

        if (calibration.Count == 0)
        {
            throw new ConfigException($"Merge method '{settings.Name}' needs calibration texts, and there are none.");
        }

        var blocks =
            new CalibratedMerge(adapted, settings, calibration, progress).Run().ToDictionary(b => b.ModuleName, StringComparer.Ordinal);
        return new MergedAdapter(adapted, settings.Method, [.. adapted.Blocks.Select(b => blocks[b.ModuleName])]);
    }

    private static MergedAdapter WithoutTexts(AdaptedModel adapted, MergeSettings settings)
    {
        var method = settings.Method;
        var byName = new Dictionary<string, MergedBlock>(StringComparer.Ordinal);
        foreach (var chain in adapted.Chains)
        {
            var blocks = chain.Blocks.Select(name => adapted[name]).ToArray();
            var merged = (adapted.Config.Shortcut.Kind, method) switch
            {
                (_, MergeMethod.Dropped) => Dropped(blocks),
                (ShortcutKind.Block, _) => Exactly(blocks, adapted.ShortcutWeight),
                (_, MergeMethod.Exact) => Dropped(blocks),   // plain LoRA, or shortcuts of weight 0: there is nothing to merge
                (ShortcutKind.Input, MergeMethod.Input) => InputByInputs(blocks, adapted),
                (ShortcutKind.Input, _) => InputByWeights(blocks, adapted),
                (ShortcutKind.Middle, MergeMethod.Input) => MiddleByInputs(blocks, adapted),
                _ => MiddleByWeights(blocks, adapted),
            };
            foreach (var block in merged)
            {
                block.Pair.A.DetachFromDisposeScope();
                block.Pair.B.DetachFromDisposeScope();
                block.Magnitude?.DetachFromDisposeScope();
                byName.Add(block.ModuleName, block);
            }
        }

        return new MergedAdapter(adapted, method, [.. adapted.Blocks.Select(b => byName[b.ModuleName])]);
    }

    private static IEnumerable<MergedBlock> Exactly(LoraLinear[] blocks, double weight) => blocks.Select(block =>
    {
        // At weight 0 the earlier blocks would only be zeros.
        LoraPair[] summed = weight == 0 ? [block.Pair] : [block.Pair, .. Previous(block).Select(p => p.Pair)];
        return new MergedBlock(block.ModuleName, ResLoraMath.MergeBlocks(summed, weight), []);
    });

    private static IEnumerable<MergedBlock> Dropped(LoraLinear[] blocks) => blocks.Select(block =>
        new MergedBlock(block.ModuleName, new LoraPair(block.A.clone(), block.B.clone(), block.Config.Scaling), []) { Magnitude = (block as DoraLinear)?.Magnitude.clone() });

    private static IEnumerable<MergedBlock> InputByInputs(LoraLinear[] blocks, AdaptedModel adapted)
    {
        for (var n = 0; n < blocks.Length; n++)
        {
            var alpha = n == 0
                ? FirstAlpha(blocks[0])
                : ResLoraMath.InputAlpha(adapted.Statistics.InputNorm(blocks[n - 1].ModuleName), adapted.Statistics.InputNorm(blocks[n].ModuleName));
            yield return Scaled(blocks[n], adapted.ShortcutWeight * alpha);
        }
    }

    private static IEnumerable<MergedBlock> InputByWeights(LoraLinear[] blocks, AdaptedModel adapted)
    {
        // f*_k is the norm of a merged weight, so block n waits for blocks n−1 and n−2.
        var norms = new double[blocks.Length];
        for (var n = 0; n < blocks.Length; n++)
        {
            var alpha = n switch
            {
                0 => FirstAlpha(blocks[0]),
                1 => 1,
                _ => ResLoraMath.InputAlpha(norms[n - 2], norms[n - 1]),
            };
            var merged = Scaled(blocks[n], adapted.ShortcutWeight * alpha);
            norms[n] = MergedNorm(blocks[n], merged.Pair);
            yield return merged;
        }
    }

    private static IEnumerable<MergedBlock> MiddleByInputs(LoraLinear[] blocks, AdaptedModel adapted) => blocks.Select(block =>
    {
        var previous = Previous(block);
        var alpha = previous.Count == 0
            ? 0
            : ResLoraMath.MiddleAlpha(previous.Select(p => adapted.Statistics.LowNorm(p.ModuleName)), adapted.Statistics.LowNorm(block.ModuleName));
        return Scaled(block, adapted.ShortcutWeight * alpha);
    });

    private static IEnumerable<MergedBlock> MiddleByWeights(LoraLinear[] blocks, AdaptedModel adapted) => blocks.Select(block =>
    {
        var previous = Previous(block);
        var norm = adapted.Statistics.InputNorm(block.ModuleName);
        var alphas = previous.Select(p => adapted.ShortcutWeight * adapted.Statistics.InputNorm(p.ModuleName) / norm).ToArray();
        var pair = ResLoraMath.MergeMiddleDown(block.Pair, [.. previous.Select(p => p.A)], alphas);
        return new MergedBlock(block.ModuleName, pair, [1, .. alphas]);
    });

    private static MergedBlock Scaled(LoraLinear block, double alpha) =>
        new(block.ModuleName, ResLoraMath.MergeScaled(block.Pair, alpha), [alpha]);

    private static IReadOnlyList<ResLoraLinear> Previous(LoraLinear block) => block is ResLoraLinear shortcut ? shortcut.Previous : [];

    private static double FirstAlpha(LoraLinear first) => first.Config.Shortcut.FirstBlock == FirstBlock.Doubled ? 1 : 0;

    /// <summary>f*_n = ‖W*_n‖_F.</summary>
    private static double MergedNorm(LoraLinear block, LoraPair merged)
    {
        using var scope = NewDisposeScope();
        return (block.BaseLayer.weight!.to(float32) + LoraMath.DeltaWeight(merged)).norm().item<float>();
    }
}
