using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>The merges that look at calibration texts: least squares, all at once or layer by layer, and the projection.</summary>
/// <param name="adapted">The adapted model.</param>
/// <param name="settings">The method, one that needs calibration.</param>
/// <param name="batches">The calibration texts.</param>
/// <param name="progress">Is told how far it is; null for nobody.</param>
internal sealed class CalibratedMerge(
    AdaptedModel adapted, MergeSettings settings, IReadOnlyList<CalibrationBatch> batches, IProgress<CalibrationProgress>? progress)
{
    private bool WithMatrices => settings.Method == MergeMethod.LeastSquares;

    /// <summary>Merges every block.</summary>
    /// <returns>The merged blocks, whose tensors are the caller's.</returns>
    public IReadOnlyList<MergedBlock> Run()
    {
        var groups = InputGroups.Find(adapted, batches[0]);
        return settings.Sequential ? LayerByLayer(groups) : AtOnce(groups);
    }

    private List<MergedBlock> AtOnce(IReadOnlyList<IReadOnlyList<ResLoraLinear>> groups)
    {
        // The head of a chain has a closed form; nothing is fitted there.
        var merged = groups.SelectMany(group => group).Where(IsHead).Select(Head).ToList();
        var fitted = groups.Select(group => (IReadOnlyList<ResLoraLinear>)[.. group.Where(block => !IsHead(block))]).Where(group => group.Count > 0);
        var passes = WithMatrices ? Passes([.. fitted]) : [[.. fitted]];
        for (var pass = 0; pass < passes.Count; pass++)
        {
            merged.AddRange(Fit(passes[pass], null, (pass + 1, passes.Count)));
        }

        return merged;
    }

    private List<MergedBlock> LayerByLayer(IReadOnlyList<IReadOnlyList<ResLoraLinear>> groups)
    {
        Passes(groups);   // refuses what does not fit
        using var targets = new TargetObserver();
        using (adapted.Observe(targets))
        {
            RunAll((1, groups.Count + 1), () => targets.Bytes, () => false);
        }

        var merged = new List<MergedBlock>();
        var inForce = new Stack<IDisposable>();
        try
        {
            for (var i = 0; i < groups.Count; i++)
            {
                var blocks = Fit([groups[i]], targets, (i + 2, groups.Count + 1));
                merged.AddRange(blocks);
                inForce.Push(new MergedAdapter(adapted, settings.Method, blocks).Apply());
            }
        }
        finally
        {
            while (inForce.TryPop(out var applied))
            {
                applied.Dispose();
            }
        }

        return merged;
    }

    /// <summary>Gathers the moments of some groups in one pass over the texts and solves for their blocks.</summary>
    private List<MergedBlock> Fit(IReadOnlyList<IReadOnlyList<ResLoraLinear>> groups, TargetObserver? targets, (int Pass, int Passes) position)
    {
        using var scope = NewDisposeScope();
        var moments = new Dictionary<ResLoraLinear, Moments>();
        foreach (var group in groups)
        {
            var gathered = new Moments(group, WithMatrices);
            foreach (var block in group)
            {
                moments[block] = gathered;
            }
        }

        try
        {
            var observer = new MomentObserver(moments, OwnWeight, targets);
            using (adapted.Observe(observer))
            {
                RunAll(position, () => WithMatrices ? groups.Sum(Moments.BytesOf) : 0, () => observer.IsDone);
            }

            observer.EndPass();
            return [.. moments.Select(pair => Solve(pair.Key, pair.Value))];
        }
        finally
        {
            foreach (var gathered in moments.Values.Distinct())
            {
                gathered.Dispose();
            }
        }
    }

    private void RunAll((int Pass, int Passes) position, Func<long> bytes, Func<bool> isDone)
    {
        for (var i = 0; i < batches.Count; i++)
        {
            batches[i](isDone);
            progress?.Report(new CalibrationProgress(position.Pass, position.Passes, i + 1, batches.Count, bytes()));
        }
    }

    private MergedBlock Solve(ResLoraLinear block, Moments moments)
    {
        if (settings.Method == MergeMethod.Projection)
        {
            var (dot, square) = moments.Scalars(block);
            var alpha = ResLoraMath.ProjectionAlpha(dot, square);
            return Kept(block, ResLoraMath.MergeScaled(block.Pair, alpha), [alpha]);
        }

        using var scope = NewDisposeScope();
        var own = block.Pair with { A = block.A * OwnWeight(block) };
        return Kept(block, ResLoraMath.MergeLeastSquares(own, moments.Cross(block), moments.Inputs, settings.Ridge), []);
    }

    private MergedBlock Head(ResLoraLinear block)
    {
        // Least squares changes A only, in the same way everywhere.
        using var scope = NewDisposeScope();
        return settings.Method == MergeMethod.Projection
            ? Kept(block, ResLoraMath.MergeScaled(block.Pair, OwnWeight(block) - 1), [OwnWeight(block) - 1])
            : Kept(block, new LoraPair(block.A * OwnWeight(block), block.B.clone(), block.Config.Scaling), []);
    }

    /// <summary>Divides the groups into passes whose moments fit into the memory allowed, with two more matrices for solving.</summary>
    private List<List<IReadOnlyList<ResLoraLinear>>> Passes(IReadOnlyList<IReadOnlyList<ResLoraLinear>> groups)
    {
        var passes = new List<List<IReadOnlyList<ResLoraLinear>>>();
        var (taken, widest) = (0L, 0L);
        foreach (var group in groups)
        {
            var (bytes, matrix) = (Moments.BytesOf(group), sizeof(double) * group[0].InFeatures * group[0].InFeatures);
            if (bytes + (2 * matrix) > settings.CalibrationMemory)
            {
                throw new ConfigException(
                    $"Calibrating '{group[0].ModuleName}' ({group[0].InFeatures} inputs) takes {(bytes + (2 * matrix)) / 1048576.0:0.#} MiB, and the calibration memory is " +
                    $"{settings.CalibrationMemory / 1048576.0:0.#} MiB; allow more (--calibration-memory), or use the projection, which needs none.");
            }

            widest = Math.Max(widest, matrix);
            if (passes.Count == 0 || taken + bytes + (2 * widest) > settings.CalibrationMemory)
            {
                passes.Add([]);
                (taken, widest) = (0, matrix);
            }

            passes[^1].Add(group);
            taken += bytes;
        }

        return passes;
    }

    private static bool IsHead(ResLoraLinear block) => block.Previous.Count == 0;

    /// <summary>1, or 1 + γ where the input shortcut doubles the first block's own input.</summary>
    private double OwnWeight(ResLoraLinear block) =>
        IsHead(block) && block.Config.Shortcut is { Kind: ShortcutKind.Input, FirstBlock: FirstBlock.Doubled } ? 1 + adapted.ShortcutWeight : 1;

    private static MergedBlock Kept(ResLoraLinear block, LoraPair pair, IReadOnlyList<double> alphas) => new(
        block.ModuleName,
        pair with { A = pair.A.DetachFromDisposeScope(), B = pair.B.DetachFromDisposeScope() },
        alphas);
}
