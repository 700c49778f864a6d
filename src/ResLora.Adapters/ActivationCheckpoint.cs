using ResLora.Tensors.NativeRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// Runs a layer without keeping its inner activations and computes them again when gradients are needed: memory for time.
/// What the shortcuts carry enters and leaves the layer as its inputs and outputs, so that gradients are the same with and
/// without checkpointing.
/// </summary>
/// <remarks>Chen et al., arXiv:1604.06174. The random state is put back for the second run, so that dropout masks are the same.</remarks>
public static class ActivationCheckpoint
{
    /// <summary>Runs one layer so; fits a model's layer runner.</summary>
    /// <param name="layer">The layer: takes tensors like <paramref name="inputs"/> (borrowed) and returns a new tensor.</param>
    /// <param name="inputs">The layer's inputs, the one that gradients flow through first; borrowed.</param>
    /// <returns>The layer's output, owned by the caller.</returns>
    public static Tensor Run(Func<IReadOnlyList<Tensor>, Tensor> layer, IReadOnlyList<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(inputs);
        // Up to the first adapted layer no input needs a gradient. Below it there is nothing to keep or to compute again; it alone keeps
        // its activations.
        if (!is_grad_enabled() || !inputs[0].requires_grad)
        {
            return layer(inputs);
        }

        using var scope = NewDisposeScope();
        var surrounding = ShortcutPass.Current;
        AdapterBlock[] carriers = surrounding is null ? [] : [.. surrounding.Carried.Keys];
        var carried = carriers.Select(c => surrounding!.Carried[c].alias()).ToArray();

        var segment = new Segment(layer, inputs.Count, carriers, surrounding);
        var outputs = SegmentFunction.apply([segment, .. inputs, .. carried]);
        for (var i = 0; i < segment.Produced.Count; i++)
        {
            surrounding!.Carry(segment.Produced[i], outputs[i + 1]);
        }

        return outputs[0].MoveToOuterDisposeScope();
    }

    /// <summary>What a segment needs for its second run, besides its tensors.</summary>
    private sealed class Segment(
        Func<IReadOnlyList<Tensor>, Tensor> layer, int inputCount, AdapterBlock[] carriers, ShortcutPass? surrounding)
    {
        private byte[]? _randomState;

        /// <summary>The blocks whose tensors the layer hands on, in the order of the segment's further outputs.</summary>
        public IReadOnlyList<AdapterBlock> Produced { get; private set; } = [];

        public int InputCount => inputCount;

        /// <summary>Runs the layer on inputs followed by carried tensors.</summary>
        public List<Tensor> Run(IReadOnlyList<Tensor> tensors, bool recomputing)
        {
            PrepareRandomState(recomputing);
            if (tensors[0].device_type == DeviceType.CUDA)
            {
                CudaRandom.Follow();
            }

            using var pass = ShortcutPass.OpenSegment(surrounding, carriers, [.. tensors.Skip(inputCount)], recomputing);
            var outputs = new List<Tensor> { layer([.. tensors.Take(inputCount)]) };
            Produced = [.. pass.Carried.Keys.Where(block => !carriers.Contains(block))];
            // A view for each: blocks that hand on one and the same input (q and v of a layer) get a gradient each, too.
            outputs.AddRange(Produced.Select(block => pass.Carried[block].view_as(pass.Carried[block])));
            return outputs;
        }

        private void PrepareRandomState(bool recomputing)
        {
            if (recomputing)
            {
                using var state = tensor(_randomState!, dtype: ScalarType.Byte, device: CPU);
                random.set_rng_state(state);
            }
            else
            {
                using var state = random.get_rng_state();
                _randomState = state.data<byte>().ToArray();
            }
        }
    }

    private sealed class SegmentFunction : autograd.MultiTensorFunction<SegmentFunction>
    {
        public override string Name => nameof(ActivationCheckpoint);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var tensors = vars.Skip(1).Cast<Tensor>().ToList();
            ctx.save_for_backward(tensors);
            ctx.save_data(nameof(Segment), vars[0]);
            // What no later layer read has no gradient; making zeros for it would need the outputs to be kept.
            ctx.set_materialize_grads(false);
            return ((Segment)vars[0]).Run(tensors, recomputing: false);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            using var scope = NewDisposeScope();
            GradientHandles.Release();
            var segment = (Segment)ctx.get_data(nameof(Segment));
            var leaves = ctx.get_saved_variables()
                .Select(
                    (t, i) => t.detach().requires_grad_(t.is_floating_point() && (i == 0 || i >= segment.InputCount || t.requires_grad)))
                .ToArray();
            using var randomState = random.get_rng_state();
            List<Tensor> outputs;
            using (enable_grad())
            {
                outputs = segment.Run(leaves, recomputing: true);
            }

            random.set_rng_state(randomState);
            var flowing = outputs.Zip(grad_outputs).Where(o => o.First.requires_grad && !o.Second.IsInvalid).ToArray();
            autograd.backward([.. flowing.Select(o => o.First)], [.. flowing.Select(o => o.Second)], retain_graph: false);
            return GradientHandles.HandOver(
                grad_outputs, [null, .. leaves.Select(leaf => leaf.requires_grad ? leaf.grad?.MoveToOuterDisposeScope() : null)]);
        }
    }
}
