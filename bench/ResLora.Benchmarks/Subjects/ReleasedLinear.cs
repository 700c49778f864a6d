using ResLora.Adapters;
using ResLora.Adapters.Methods.Lora;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Subjects;

/// <summary>
/// A training step's forward pass of one layer in the order of operations of the authors' released code (microsoft/LMOps, reslora), written
/// by us from a description of it: the frozen product first; then each low-rank update by itself, down, up, and only the wide result
/// times the scaling; what the next layer reads is kept as an attribute, graph and all, until the next step; and under the input and
/// middle shortcut the Frobenius norms of a window of batches are fetched as numbers at every call. Dropout, 0 here, is left out.
/// </summary>
/// <param name="block">The block whose frozen layer and factors it computes with; borrowed.</param>
/// <param name="previous">The blocks that it reads, nearest first.</param>
internal sealed class ReleasedLinear(
    LoraBlock block, IReadOnlyList<ReleasedLinear> previous) : nn.Module<Tensor, Tensor>(nameof(ReleasedLinear))
{
    private const int Window = 100;
    private readonly Queue<float> _inputNorms = new();
    private readonly Queue<float> _lowNorms = new();
    private Tensor? _input;
    private Tensor? _low;

    /// <inheritdoc />
    public override Tensor forward(Tensor input)   // [..., Din] -> [..., Dout]
    {
        using var scope = NewDisposeScope();
        var wide = nn.functional.linear(input, block.Site.Weight, block.Site.Bias);   // [..., Din] -> [..., Dout]
        return (wide + Update(input)).MoveToOuterDisposeScope();
    }

    /// <summary>Lets go of what was kept for the next layer.</summary>
    public void Forget()
    {
        _input?.Dispose();
        _low?.Dispose();
        (_input, _low) = (null, null);
    }

    private Tensor Update(Tensor input)
    {
        switch (block.Config.Shortcut.Kind)
        {
            case ShortcutKind.Input:
                Keep(ref _input, input);
                Record(_inputNorms, input);
                return Update(input + (previous.Count > 0 ? previous[0]._input! : input), block);
            case ShortcutKind.Block:
                return previous.Aggregate(Update(input, block), (sum, earlier) => sum + Update(input, earlier.Block));
            case ShortcutKind.Middle:
                var low = nn.functional.linear(input, block.A);   // [..., Din] -> [..., R]
                Keep(ref _low, low);
                Record(_lowNorms, low);
                Record(_inputNorms, input);
                return Up(previous.Aggregate(low, (sum, earlier) => sum + earlier._low!), block);
            default:
                return Update(input, block);
        }
    }

    private LoraBlock Block => block;

    private static Tensor Update(Tensor input, LoraBlock block) =>
        Up(nn.functional.linear(input, block.A), block);   // [..., Din] -> [..., Dout]

    private static Tensor Up(Tensor low, LoraBlock block) =>
        nn.functional.linear(low, block.B) * block.Scaling;   // [..., R] -> [..., Dout]

    private static void Keep(ref Tensor? kept, Tensor tensor)
    {
        kept?.Dispose();
        kept = tensor.alias().DetachFromDisposeScope();
    }

    private static void Record(Queue<float> norms, Tensor tensor)
    {
        norms.Enqueue(tensor.detach().norm().item<float>());
        if (norms.Count > Window)
        {
            norms.Dequeue();
        }
    }
}
