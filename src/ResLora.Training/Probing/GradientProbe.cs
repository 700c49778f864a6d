using ResLora.Adapters;
using ResLora.Adapters.Gradients;
using ResLora.Adapters.Layers;
using ResLora.Adapters.Methods.Lora;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Training.Probing;

/// <summary>
/// Measures, on fixed samples, how gradients reach the blocks of an adapter: autograd gives δ_n at every block's output, and from there
/// every gradient is split by hand into own terms and those of shortcuts (<see cref="GradientTerms"/>). In evaluation mode; a run that is
/// measured goes on as if it had not been: no gradient, no statistic and no random state changes. An adapter with other blocks than LoRA's
/// on linear layers is a <see cref="ConfigException"/>.
/// </summary>
/// <param name="adapter">The adapter, on the objective's model.</param>
/// <param name="objective">What the model is for.</param>
/// <param name="samples">The samples, one batch.</param>
public sealed class GradientProbe(AdaptedModel adapter, Objective objective, IReadOnlyList<IExample> samples)
{
    private readonly LoraBlock[] _blocks = [.. Probed(adapter)];

    /// <summary>Measures.</summary>
    /// <returns>The measurements.</returns>
    /// <exception cref="ConfigException">A block runs more than once in a forward pass, or never.</exception>
    public ProbeResult Measure()
    {
        using var mode = new EvaluationMode(objective.Model);
        using var scope = NewDisposeScope();
        using var capture = new BlockCapture();
        var (loss, gradients) = Differentiate(capture);
        var terms = _blocks.SelectMany(DeltaTerm.Of).ToArray();
        var rows = _blocks.ToDictionary(block => (AdapterBlock)block, block => Rows(capture.Input(block)));
        TermSums ofA = new(), ofB = new(), ofInput = new();
        foreach (var term in terms)
        {
            var delta = Rows(gradients[capture.Output(term.Block)]);
            ofA.Add(term.Down, term.IsOwn, GradientTerms.OfA(delta, rows[term.Input], term.Pair, term.Weight));
            ofB.Add(term.Up, term.IsOwn, GradientTerms.OfB(delta, rows[term.Input], term.Pair, term.Weight));
            if (term.Input != term.Block)
            {
                ofInput.Add(term.Input, isOwn: false, GradientTerms.OfInput(delta, term.Pair, term.Weight));
            }
        }

        var tokens = _blocks.ToDictionary(block => (AdapterBlock)block, capture.TokensOf);
        return new ProbeResult(loss, [.. _blocks.Select(block =>
        {
            using var inner = NewDisposeScope();
            var own = terms.Where(term => term.Block == block).ToArray();
            var (projection, inputs) = Alphas(own, tokens);
            return new BlockProbe(
                block.ModuleName,
                SplitNorms.Of(ofA.Own(block), ofA.Shortcut(block)),
                SplitNorms.Of(ofB.Own(block), ofB.Shortcut(block)),
                Deviation((ofA.Whole(block), gradients[block.A]), (ofB.Whole(block), gradients[block.B])),
                InputOf(block, capture, gradients, ofInput),
                Forward(own, tokens),
                projection,
                inputs);
        })]);
    }

    private static IEnumerable<LoraBlock> Probed(AdaptedModel adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        return adapter.Blocks.Select(block => (block, adapter.Config.Method) switch
        {
            ({ Site: not LinearSite }, _) => throw new ConfigException(
                $"'{block.ModuleName}' is a layer of kind {block.Site.Kind}, and gradients are looked at on linear layers; "
                + "exclude it (adapter.exclude)."),
            (LoraBlock lora, null) => lora,
            _ => throw new ConfigException(
                $"'{block.ModuleName}' has no factors A and B that alone make its update; take an adapter of method lora."),
        });
    }

    /// <summary>The mean loss and its gradients at every h_n, every x_n that has one, and every factor.</summary>
    private (double Loss, Dictionary<Tensor, Tensor> Gradients) Differentiate(BlockCapture capture)
    {
        using var batch = objective.Collate(samples);
        Tensor loss;
        using (enable_grad())
        using (adapter.Observe(capture))
        {
            loss = objective.LossSum(batch) / batch.TargetCount;
        }

        if (_blocks.FirstOrDefault(block => !capture.Blocks.Contains(block)) is { } idle)
        {
            throw new ConfigException(
                $"The model never runs '{idle.ModuleName}', so that it has no gradient; exclude it (adapter.exclude).");
        }

        var inputs = _blocks.Select(capture.Input).Where(input => input.requires_grad).Distinct(ReferenceEqualityComparer.Instance);
        Tensor[] wanted =
        [
            .. inputs.Cast<Tensor>(),
            .. _blocks.Select(block => capture.Output(block)), .. _blocks.Select(block => block.A), .. _blocks.Select(block => block.B),
        ];
        var found = autograd.grad([loss], wanted, allow_unused: true);
        GradientHandles.Release();
        var gradients = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        foreach (var (tensor, gradient) in wanted.Zip(found))
        {
            // What the loss does not depend on, such as the last layer's output for tokens that predict nothing.
            gradients[tensor] = gradient is null || gradient.IsInvalid ? zeros_like(tensor) : gradient;
        }

        return (loss.item<float>(), gradients);
    }

    /// <summary>Blocks that read one input (q, k and v of a layer) split it together, and the first of them has the split.</summary>
    private SplitNorms? InputOf(LoraBlock block, BlockCapture capture, Dictionary<Tensor, Tensor> gradients, TermSums direct)
    {
        var input = capture.Input(block);
        LoraBlock[] readers = [.. _blocks.Where(other => ReferenceEquals(capture.Input(other), input))];
        Tensor[] straight = [.. readers.Select(direct.Shortcut).OfType<Tensor>()];
        if (readers[0] != block || straight.Length == 0 || !gradients.TryGetValue(input, out var whole))
        {
            return null;
        }

        var sum = straight.Aggregate((all, one) => all + one);
        return SplitNorms.Of(Rows(whole) - sum, sum);
    }

    private static SplitNorms Forward(DeltaTerm[] terms, Dictionary<AdapterBlock, Tensor> tokens)
    {
        Tensor Product(DeltaTerm term) => LoraMath.Delta(tokens[term.Input], term.Pair) * term.Weight;   // [N, Din] -> [N, Dout]
        var shortcut = terms.Skip(1).Select(Product).ToArray();
        return SplitNorms.Of(Product(terms[0]), shortcut.Length == 0 ? null : shortcut.Aggregate((sum, one) => sum + one));
    }

    private static (double? Projection, double? Inputs) Alphas(DeltaTerm[] terms, Dictionary<AdapterBlock, Tensor> tokens)
    {
        var traits = terms[0].Block.Config.Shortcut.Traits;
        if (terms.Length == 1 || !traits.AddsActivations)
        {
            return (null, null);
        }

        Tensor Low(DeltaTerm term) => LoraMath.Down(tokens[term.Input], term.Pair);   // [N, Din] -> [N, R]
        double Norm(Tensor tensor) => tensor.norm().item<float>();
        var (low, weight) = (Low(terms[0]), terms[1].Weight);
        var earlier = terms.Skip(1).Select(Low).ToArray();
        var added = earlier.Aggregate((sum, one) => sum + one) * weight;
        var projection = ResLoraMath.ProjectionAlpha((low * added).sum().item<float>(), low.square().sum().item<float>());
        var inputs = traits.AddsInputs
            ? ResLoraMath.InputAlpha(Norm(tokens[terms[1].Input]), Norm(tokens[terms[0].Input]))
            : ResLoraMath.MiddleAlpha(earlier.Select(Norm), Norm(low));
        return (projection, weight * inputs);
    }

    private static double Deviation(params (Tensor ByHand, Tensor Automatic)[] factors)
    {
        double Sum(Func<(Tensor ByHand, Tensor Automatic), Tensor> of) =>
            factors.Sum(one => of(one).to(float64).square().sum().item<double>());
        var size = Sum(one => one.Automatic);
        return size > 0 ? Math.Sqrt(Sum(one => one.ByHand - one.Automatic) / size) : 0;
    }

    /// <summary>All positions, padding too: what reaches it is 0.</summary>
    private static Tensor Rows(Tensor tensor) => tensor.reshape(-1, tensor.shape[^1]).to(float32);   // [..., D] -> [N, D]
}
