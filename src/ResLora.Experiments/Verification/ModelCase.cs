using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.DyLora;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>A whole network with an adapter: forward, gradients, statistics and every merge.</summary>
internal static class ModelCase
{
    private const string WithoutPadding = "_nopad";

    public static CaseReport Run(string name, string folder, CaseFile file)
    {
        using var scope = NewDisposeScope();
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, "inputs.safetensors"));
        using var network = CaseNetwork.Of(ModelRegistry.Load(folder, float32), inputs, folder, file);
        var adapted = AdaptedModel.Inject(network.Model, file.Adapter(), savedModules: network.Model.HeadModules);
        RequireChains(adapted, file);
        Fill(adapted, Path.Combine(folder, "adapter.safetensors"));
        network.Model.BeginForward = mask => adapted.BeginPass(mask);
        network.Check("");
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        if (file.Method == "dylora")
        {
            Ranks(network, adapted, file, got);
        }

        Forward(network, "", got);
        Gradients(network, adapted, "", got);
        Penalty(adapted, got);
        if (adapted.Config.Shortcut.Traits.AddsActivations)
        {
            var calibration = file.RequireCalibration();
            if (network.HasPadding)
            {
                Calibrate(network, adapted, calibration, masked: true);
                Norms(adapted, WithoutPadding, got);
                Merges(network, adapted, file, WithoutPadding, got);
            }

            Calibrate(network, adapted, calibration, masked: false);
            Norms(adapted, "", got);
        }

        Merges(network, adapted, file, "", got);
        return Comparison.Compare(name, "model", folder, got, file.ToleranceOf);
    }

    /// <summary>A DyLoRA at each of its ranks; it is left at the one that is merged.</summary>
    private static void Ranks(CaseNetwork network, AdaptedModel adapted, CaseFile file, Dictionary<string, Tensor> got)
    {
        foreach (var rank in file.Ranks)
        {
            Use(rank);
            Forward(network, $"b.{rank}.", got);
            Gradients(network, adapted, $"b.{rank}.", got);
        }

        Use(file.MergedRank ?? throw new FileFormatException("case.json: method 'dylora' needs \"merge_b\", the rank that is merged."));

        void Use(int rank)
        {
            foreach (var block in adapted.Blocks.Cast<DyLoraBlock>())
            {
                block.UsedRank = rank >= 1 && rank <= file.Rank
                    ? rank
                    : throw new FileFormatException(
                        $"case.json: 'b' and 'merge_b' must be from 1 to the rank, which is {file.Rank}; {rank} is not.");
            }
        }
    }

    /// <summary>Where a case tells the chains, they must be those that were found, block by block.</summary>
    private static void RequireChains(AdaptedModel adapted, CaseFile file)
    {
        foreach (var (name, expected) in file.Chains ?? new Dictionary<string, IReadOnlyList<IReadOnlyList<string>>>())
        {
            var found = adapted.Chains.Where(chain => chain.Name == name).Select(chain => string.Join(", ", chain.Blocks)).ToArray();
            var wanted = expected.Select(chain => string.Join(", ", chain)).ToArray();
            if (!found.SequenceEqual(wanted, StringComparer.Ordinal))
            {
                throw new FileFormatException($"case.json: the chains '{name}' are expected to be [{string.Join("], [", wanted)}] and are [{string.Join("], [", found)}].");
            }
        }
    }

    private static void Fill(AdaptedModel adapted, string path)
    {
        using var noGradient = no_grad();
        using var reader = SafetensorsReader.Open(path);
        foreach (var (name, parameter) in adapted.BlockParameters())
        {
            var stored = reader.Read(name);
            Shapes.Require(stored, $"{path}: {name}", parameter.shape);
            parameter.copy_(stored);
        }
    }

    internal static void Forward(CaseNetwork network, string prefix, Dictionary<string, Tensor> got)
    {
        using var noGradient = no_grad();
        var layer = 0;
        network.Model.RunLayer = (body, tensors) =>
        {
            if (layer == 0)
            {
                got[prefix + "hidden_states.embeddings"] = tensors[0].alias().DetachFromDisposeScope();
            }

            var output = body(tensors);
            got[$"{prefix}hidden_states.layer.{layer++}"] = output.alias().DetachFromDisposeScope();
            return output;
        };
        var hidden = network.Hidden("");
        network.Model.RunLayer = null;
        var logits = network.Logits(hidden);
        got[prefix + "hidden_states.norm"] = hidden;
        got[prefix + "logits"] = logits;
        got[prefix + "loss"] = network.Loss(logits).reshape(1);
        foreach (var (name, value) in network.Besides(logits))
        {
            got[prefix + name] = value;
        }
    }

    private static void Gradients(CaseNetwork network, AdaptedModel adapted, string prefix, Dictionary<string, Tensor> got)
    {
        Gradients(network.Loss(network.Logits(network.Hidden(""))), adapted, prefix + "grad.", got);
        foreach (var (name, input) in network.FollowedInputs)
        {
            got[$"{prefix}grad.{name}"] = input.grad!.clone();
        }
    }

    private static void Gradients(Tensor value, AdaptedModel adapted, string prefix, Dictionary<string, Tensor> got)
    {
        adapted.Model.zero_grad();
        value.backward();
        foreach (var (name, parameter) in adapted.TrainableParameters().Where(p => p.Value.grad is not null))
        {
            got[prefix + name] = parameter.grad!.clone();
        }
    }

    /// <summary>What the method adds to a loss, by itself.</summary>
    private static void Penalty(AdaptedModel adapted, Dictionary<string, Tensor> got)
    {
        using var training = adapted.Config.Kind.Training(adapted, 1, 0);
        if (training?.Penalty() is { } penalty)
        {
            got["orthogonal_penalty"] = penalty.detach().reshape(1);
            Gradients(penalty, adapted, "grad_orthogonal_penalty.", got);
        }
    }

    /// <summary>Runs the calibration batches with active adapters; the statistics keep the last batches of the window.</summary>
    private static void Calibrate(CaseNetwork network, AdaptedModel adapted, CaseFile.CalibrationPart calibration, bool masked)
    {
        var statistics = new CalibrationStatistics(calibration.NormWindow);
        using var noGradient = no_grad();
        // The blocks alone: the network's own dropout would change the numbers.
        foreach (var block in adapted.Blocks)
        {
            block.train();
        }

        for (var i = 0; i < calibration.Batches; i++)
        {
            network.Check($"calib.{i}.");
            var mask = masked ? network.Mask($"calib.{i}.") : null;
            network.Model.BeginForward = _ => ShortcutPass.Open(mask, statistics);
            network.Hidden($"calib.{i}.").Dispose();
        }

        network.Model.eval();
        network.Model.BeginForward = mask => adapted.BeginPass(mask);
        foreach (var block in adapted.Blocks)
        {
            var lows = statistics.LowNorms.TryGetValue(block.ModuleName, out var values) ? values : [];
            adapted.Statistics.Restore(block.ModuleName, statistics.InputNorms[block.ModuleName], lows);
        }
    }

    private static void Norms(AdaptedModel adapted, string suffix, Dictionary<string, Tensor> got)
    {
        foreach (var chain in Joined(adapted))
        {
            got[$"norm_x{suffix}.{chain.Name}"] = Row(chain.Blocks.Select(adapted.Statistics.InputNorm));
            if (adapted.Config.Shortcut.Traits.AddsLows)
            {
                got[$"norm_ax{suffix}.{chain.Name}"] = Row(chain.Blocks.Select(adapted.Statistics.LowNorm));
            }
        }
    }

    private static void Merges(CaseNetwork network, AdaptedModel adapted, CaseFile file, string suffix, Dictionary<string, Tensor> got)
    {
        foreach (var method in MergeMethods.For(adapted))
        {
            var settings = new MergeSettings(method) { Ridge = file.Ridge };
            IReadOnlyList<CalibrationBatch> batches = MergeMethods.NeedsCalibration(method)
                ? [
                    .. Enumerable.Range(0, file.RequireCalibration().Batches)
                        .Select(batch => Batch(network, adapted, batch, masked: suffix == WithoutPadding)),
                ]
                : [];
            using var merged = Merger.Merge(adapted, settings, batches);
            network.Model.BeginForward = mask => adapted.BeginPass(mask);
            var prefix = $"merge.{NameInCases(adapted, method)}{suffix}.";
            using (merged.Apply())
            {
                Forward(network, prefix, got);
            }

            var norms = new Dictionary<string, double>(StringComparer.Ordinal);
            foreach (var block in merged.Blocks)
            {
                var weight = merged.MergedWeight(block);
                norms[block.ModuleName] = weight.norm().item<float>();
                got[$"{prefix}weight.{block.ModuleName}"] = weight;
                foreach (var (factor, value) in block.Update.Factors)
                {
                    var name = factor.Replace(".weight", "", StringComparison.Ordinal);
                    got[$"{prefix}{name}.{block.ModuleName}"] = value.clone();
                    // Of several blocks side by side they have another name.
                    got[$"{prefix}{name.Replace("lora_", "cat_", StringComparison.Ordinal)}.{block.ModuleName}"] = value.clone();
                }
            }

            Alphas(adapted, merged, prefix, norms, got);
        }
    }

    private static string NameInCases(AdaptedModel adapted, MergeMethod method) => method switch
    {
        _ when adapted.Config.Shortcut.Kind == ShortcutKind.None => "plain",
        MergeMethod.LeastSquares => "lstsq",
        _ => MergeMethods.Name(method),
    };

    private static CalibrationBatch Batch(CaseNetwork network, AdaptedModel adapted, int batch, bool masked) => _ =>
    {
        var mask = masked ? network.Mask($"calib.{batch}.") : null;
        network.Model.BeginForward = _ => adapted.BeginPass(mask);
        network.Hidden($"calib.{batch}.").Dispose();
    };

    private static void Alphas(
        AdaptedModel adapted, MergedAdapter merged, string prefix, Dictionary<string, double> norms, Dictionary<string, Tensor> got)
    {
        var alphas = merged.Blocks.ToDictionary(b => b.ModuleName, b => b.Alphas, StringComparer.Ordinal);
        var inputByWeights = adapted.Config.Shortcut.Traits.AddsInputs && merged.Method == MergeMethod.Weights;
        foreach (var chain in Joined(adapted).Where(chain => chain.Blocks.Any(b => alphas[b].Count > 0)))
        {
            if (inputByWeights)
            {
                got[$"norm_w.{chain.Name}"] = Row(chain.Blocks.Select(b => norms[b]));
            }

            // A row a block; blocks near the head of a chain have fewer ratios, the rest is 0.
            var width = chain.Blocks.Max(b => alphas[b].Count);
            var m = adapted.Config.Shortcut.PreviousCount;
            var columns =
                adapted.Config.Shortcut.Traits.AddsLows && merged.Method == MergeMethod.Weights && m > 0 ? m + 1 : width;
            var rows = chain.Blocks.SelectMany(b => alphas[b].Concat(Enumerable.Repeat(0.0, columns - alphas[b].Count)));
            var table = Row(rows);
            got[$"{prefix}alpha.{chain.Name}"] = columns == 1 ? table : table.reshape(chain.Blocks.Count, columns);
        }
    }

    /// <summary>The chains of one name as one, one after the other.</summary>
    private static IEnumerable<ShortcutChain> Joined(AdaptedModel adapted) =>
        adapted.Chains.GroupBy(chain => chain.Name).Select(
            chains => new ShortcutChain(chains.Key, [.. chains.SelectMany(chain => chain.Blocks)]));

    private static Tensor Row(IEnumerable<double> values) => tensor(values.ToArray());
}
