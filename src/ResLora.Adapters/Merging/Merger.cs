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
        AdaptedModel adapted, MergeSettings settings, IReadOnlyList<CalibrationBatch> calibration, IProgress<CalibrationProgress>? progress =
            null)
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
        var byName = new Dictionary<string, MergedBlock>(StringComparer.Ordinal);
        foreach (var chain in adapted.Chains)
        {
            var blocks = chain.Blocks.Select(name => adapted[name]).ToArray();
            foreach (var block in Merged(blocks, settings.Method, adapted))
            {
                byName.Add(block.ModuleName, block);
            }
        }

        return new MergedAdapter(adapted, settings.Method, [.. adapted.Blocks.Select(b => byName[b.ModuleName])]);
    }

    private static IEnumerable<MergedBlock> Merged(AdapterBlock[] blocks, MergeMethod method, AdaptedModel adapted) =>
        (method, adapted.Config.Shortcut.Kind) switch
        {
            (MergeMethod.Dropped, _) => blocks.Select(block => new MergedBlock(block.MergeScaled(0), [])),
            (MergeMethod.Exact, _) => blocks.Select(block => new MergedBlock(block.MergeExactly(), [])),
            (MergeMethod.Input, ShortcutKind.Input) => InputByInputs(blocks, adapted),
            (MergeMethod.Weights, ShortcutKind.Input) => InputByWeights(blocks, adapted),
            (MergeMethod.Input, ShortcutKind.Middle) => MiddleByInputs(blocks, adapted),
            (MergeMethod.Weights, ShortcutKind.Middle) => MiddleByWeights(blocks, adapted),
            var (other, kind) => throw new InvalidOperationException($"There is no merge {other} of the shortcut {kind}."),
        };

    private static IEnumerable<MergedBlock> InputByInputs(AdapterBlock[] blocks, AdaptedModel adapted)
    {
        for (var n = 0; n < blocks.Length; n++)
        {
            var alpha = n == 0
                ? FirstAlpha(blocks[0])
                : ResLoraMath.InputAlpha(
                    adapted.Statistics.InputNorm(blocks[n - 1].ModuleName), adapted.Statistics.InputNorm(blocks[n].ModuleName));
            yield return Scaled(blocks[n], adapted.ShortcutWeight * alpha);
        }
    }

    private static IEnumerable<MergedBlock> InputByWeights(AdapterBlock[] blocks, AdaptedModel adapted)
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
            norms[n] = Norm(merged.Update);
            yield return merged;
        }
    }

    private static IEnumerable<MergedBlock> MiddleByInputs(AdapterBlock[] blocks, AdaptedModel adapted) => blocks.Select(block =>
    {
        var alpha = block.Previous.Count == 0
            ? 0
            : ResLoraMath.MiddleAlpha(
                block.Previous.Select(p => adapted.Statistics.LowNorm(p.ModuleName)), adapted.Statistics.LowNorm(block.ModuleName));
        return Scaled(block, adapted.ShortcutWeight * alpha);
    });

    private static IEnumerable<MergedBlock> MiddleByWeights(AdapterBlock[] blocks, AdaptedModel adapted) => blocks.Select(block =>
    {
        var norm = adapted.Statistics.InputNorm(block.ModuleName);
        var alphas = block.Previous.Select(p => adapted.ShortcutWeight * adapted.Statistics.InputNorm(p.ModuleName) / norm).ToArray();
        return new MergedBlock(block.MergeMiddleDown(alphas), [1, .. alphas]);
    });

    private static MergedBlock Scaled(AdapterBlock block, double alpha) => new(block.MergeScaled(alpha), [alpha]);

    private static double FirstAlpha(AdapterBlock first) => first.Config.Shortcut.FirstBlock == FirstBlock.Doubled ? 1 : 0;

    /// <summary>f*_n = ‖W*_n‖_F, W*_n not rounded to the dtype of W_n.</summary>
    private static double Norm(MergedUpdate update)
    {
        using var scope = NewDisposeScope();
        return update.ExactWeight().norm().item<float>();
    }
}
