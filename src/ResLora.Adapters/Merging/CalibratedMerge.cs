using System.Runtime.InteropServices;
using ResLora.Adapters.Layers;
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
    /// <exception cref="ConfigException">The texts need more memory than is allowed, or nothing can be fitted to them.</exception>
    public IReadOnlyList<MergedBlock> Run()
    {
        var groups = InputGroups.Find(adapted, batches[0]);
        var unreached = adapted.Blocks.Except(groups.SelectMany(group => group)).ToArray();
        if (unreached.FirstOrDefault(block => !IsHead(block)) is { } block)
        {
            throw new ConfigException($"The model did not call '{block.ModuleName}' on the calibration texts, so it cannot be merged by {settings.Name}; exclude it.");
        }

        var merged = new List<MergedBlock>();
        try
        {
            if (settings.Sequential)
            {
                LayerByLayer(groups, merged);
            }
            else
            {
                AtOnce(groups, merged);
            }

            merged.AddRange(unreached.Select(Head));   // such as an output head, where batches stop before it
            return merged;
        }
        catch
        {
            merged.ForEach(done => done.Update.Dispose());
            throw;
        }
    }

    private void AtOnce(IReadOnlyList<IReadOnlyList<AdapterBlock>> groups, List<MergedBlock> merged)
    {
        // The head of a chain has a closed form; nothing is fitted there.
        merged.AddRange(groups.SelectMany(group => group).Where(IsHead).Select(Head));
        var fitted =
            groups.Select(group => (IReadOnlyList<AdapterBlock>)[.. group.Where(block => !IsHead(block))]).Where(group => group.Count > 0);
        var passes = WithMatrices ? Passes([.. fitted]) : [[.. fitted]];
        for (var pass = 0; pass < passes.Count; pass++)
        {
            Fit(passes[pass], null, (pass + 1, passes.Count), merged);
        }
    }

    private void LayerByLayer(IReadOnlyList<IReadOnlyList<AdapterBlock>> groups, List<MergedBlock> merged)
    {
        Passes([.. groups.Where(group => group.All(block => block.Site is LinearSite))]);   // refuses what does not fit
        using var targets = new TargetObserver();
        using (adapted.Observe(targets))
        {
            RunAll((1, groups.Count + 1), () => targets.Bytes, null);
        }

        var inForce = new Stack<IDisposable>();
        try
        {
            for (var i = 0; i < groups.Count; i++)
            {
                if (groups[i].All(block => block.Site is LinearSite))
                {
                    Fit([groups[i]], targets, (i + 2, groups.Count + 1), merged);
                }
                else
                {
                    merged.AddRange(groups[i].Select(Head));   // no merge that looks at texts has others than heads of chains
                }

                inForce.Push(new MergedAdapter(adapted, settings.Method, merged[^groups[i].Count..]).Apply());
            }
        }
        finally
        {
            while (inForce.TryPop(out var applied))
            {
                applied.Dispose();
            }
        }
    }

    /// <summary>Gathers the moments of some groups in one pass over the texts and solves for their blocks.</summary>
    private void Fit(
        IReadOnlyList<IReadOnlyList<AdapterBlock>> groups, TargetObserver? targets, (int Pass, int Passes) position, List<MergedBlock> merged)
    {
        using var scope = NewDisposeScope();
        var moments = new Dictionary<AdapterBlock, Moments>();
        foreach (var group in groups)
        {
            var gathered = new Moments(group, WithMatrices);
            foreach (var block in group)
            {
                moments[block] = gathered;
            }
        }

        var observer = new MomentObserver(moments, targets);
        try
        {
            using (adapted.Observe(observer))
            {
                RunAll(position, () => WithMatrices ? groups.Sum(Moments.BytesOf) : 0, observer);
            }

            merged.AddRange(moments.Select(pair => Solve(pair.Key, pair.Value)));
        }
        finally
        {
            observer.EndPass();
            foreach (var gathered in moments.Values.Distinct())
            {
                gathered.Dispose();
            }
        }
    }

    private void RunAll((int Pass, int Passes) position, Func<long> bytes, MomentObserver? observer)
    {
        for (var i = 0; i < batches.Count; i++)
        {
            observer?.BeginBatch();
            batches[i](() => observer is { IsDone: true });
            progress?.Report(new CalibrationProgress(position.Pass, position.Passes, i + 1, batches.Count, bytes()));
        }
    }

    private MergedBlock Solve(AdapterBlock block, Moments moments)
    {
        if (settings.Method == MergeMethod.Projection)
        {
            var (dot, square) = moments.Scalars(block);
            RequireFinite(block, dot + square);
            var alpha = ResLoraMath.ProjectionAlpha(dot, square);
            return new MergedBlock(block.MergeScaled(alpha), [alpha]);
        }

        if (settings.Method != MergeMethod.LeastSquares)
        {
            throw Uncalibrated(settings.Method);
        }

        using var scope = NewDisposeScope();
        RequireFinite(block, (moments.Inputs.trace() + moments.Cross(block).sum()).item<double>());
        if (moments.Inputs.trace().item<double>() == 0)
        {
            throw new ConfigException(
                $"Every input of '{block.ModuleName}' is 0 on the calibration texts, or they hold padding only; take other texts.");
        }

        try
        {
            return new MergedBlock(block.MergeLeastSquares((moments.Cross(block), moments.Inputs, settings.Ridge)), []);
        }
        catch (ExternalException e)
        {
            throw new ConfigException(
                $"The least squares of '{block.ModuleName}' cannot be solved with ridge {settings.Ridge}: too few calibration tokens for {block.InFeatures} inputs; " +
                $"raise the ridge (usual: {MergeSettings.DefaultRidge}), or take more texts.", e);
        }
    }

    private static void RequireFinite(AdapterBlock block, double sum)
    {
        if (!double.IsFinite(sum))
        {
            throw new ConfigException($"The activations of '{block.ModuleName}' on the calibration texts are not finite; check the model's weights and its dtype.");
        }
    }

    /// <summary>The head of a chain, which has a closed form. Least squares changes A only, in the same way everywhere.</summary>
    private MergedBlock Head(AdapterBlock block) => settings.Method switch
    {
        MergeMethod.Projection => new MergedBlock(block.MergeScaled(block.OwnWeight - 1), [block.OwnWeight - 1]),
        MergeMethod.LeastSquares => new MergedBlock(block.MergeLeastSquares(null), []),
        var other => throw Uncalibrated(other),
    };

    private static InvalidOperationException Uncalibrated(MergeMethod method) => new($"The merge {method} looks at no texts.");

    /// <summary>Divides the groups into passes whose moments fit into the memory allowed, with two more matrices for solving.</summary>
    private List<List<IReadOnlyList<AdapterBlock>>> Passes(IReadOnlyList<IReadOnlyList<AdapterBlock>> groups)
    {
        var passes = new List<List<IReadOnlyList<AdapterBlock>>>();
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

    private static bool IsHead(AdapterBlock block) => block.Previous.Count == 0;
}
