using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Adapters.Gradients;

/// <summary>
/// Keeps x_n and h_n of every block of one forward pass as what they are in autograd's graph, so that gradients can be asked for at both.
/// </summary>
public sealed class BlockCapture : IActivationObserver, IDisposable
{
    private readonly Dictionary<AdapterBlock, Seen> _seen = [];
    private readonly Dictionary<Tensor, Tensor> _inputs = new(ReferenceEqualityComparer.Instance);
    private Tensor? _tokenMask;

    /// <summary>The blocks that the pass reached, in the order of execution.</summary>
    public IReadOnlyCollection<AdapterBlock> Blocks => _seen.Keys;

    /// <summary>x_n of a block, [..., Din]; one object for all blocks that read it. Borrowed.</summary>
    /// <param name="block">The block.</param>
    public Tensor Input(AdapterBlock block) => _seen[block].Input;

    /// <summary>h_n of a block, [..., Dout]; borrowed.</summary>
    /// <param name="block">The block.</param>
    public Tensor Output(AdapterBlock block) => _seen[block].Output;

    /// <summary>The rows of x_n that are tokens, without padding.</summary>
    /// <param name="block">The block.</param>
    /// <returns>New tensor [N, Din] in float32, owned by the caller.</returns>
    public Tensor TokensOf(AdapterBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        using var scope = NewDisposeScope();
        return block.Site.Rows(Input(block), _tokenMask).to(float32).MoveToOuterDisposeScope();   // [B, T, Din] -> [N, Din]
    }

    /// <inheritdoc />
    public void BeginPass(Tensor? tokenMask)
    {
        _tokenMask?.Dispose();
        _tokenMask = tokenMask?.alias().DetachFromDisposeScope();
    }

    /// <inheritdoc />
    public void Observe(AdapterBlock block, Tensor input, Tensor? low)
    {
    }

    /// <inheritdoc />
    public void ObserveOutput(AdapterBlock block, Tensor input, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        if (!_inputs.TryGetValue(input, out var kept))
        {
            _inputs[input] = kept = Kept(input);
        }

        if (!_seen.TryAdd(block, new Seen(kept, Kept(output))))
        {
            throw new ConfigException(
                $"'{block.ModuleName}' runs more than once in a forward pass, so that it has no one input and output; "
                + "exclude it (adapter.exclude).");
        }
    }

    /// <summary>Lets go of everything that was kept.</summary>
    public void Dispose()
    {
        foreach (var tensor in _inputs.Values.Concat(_seen.Values.Select(seen => seen.Output)))
        {
            tensor.Dispose();
        }

        _tokenMask?.Dispose();
    }

    /// <summary>A second handle to the same node of the graph. An alias would be another node, which the loss does not depend on.</summary>
    private static Tensor Kept(Tensor tensor) => tensor.positive().DetachFromDisposeScope();

    private sealed record Seen(Tensor Input, Tensor Output);
}
