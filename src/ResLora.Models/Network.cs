using ResLora.Formats;
using ResLora.Models.Blocks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>What every network has, whatever goes in and comes out.</summary>
/// <param name="name">The module's name.</param>
public abstract class Network(string name) : nn.Module(name), IExecutionOrder
{
    private IReadOnlyList<string>? _order;

    /// <summary>
    /// The dotted names of the layers that an adapter may go on, in the order in which a forward pass first reaches them: here the order
    /// in which they were registered. A network that runs them otherwise says so.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is asked for the first time while adapter blocks are on the network.</exception>
    /// <remarks>Kept from the first time on, since a layer that is replaced moves to the end of its parent's register.</remarks>
    public virtual IReadOnlyList<string> ExecutionOrder => _order ??= [.. Registered(this, "")];

    /// <summary>Says that a layer which the network did not have before runs behind all others.</summary>
    /// <param name="layer">Its dotted name; it is not registered yet.</param>
    protected void RunsLast(string layer) => _order = [.. ExecutionOrder, layer];

    private static IEnumerable<string> Registered(nn.Module parent, string prefix)
    {
        foreach (var (child, module) in parent.named_children())
        {
            if (child == "base_layer")
            {
                throw new InvalidOperationException($"'{prefix.TrimEnd('.')}' carries an adapter block; ask for the order before.");
            }

            if (module is Linear or Convolution or Embedding or LookupTable)
            {
                yield return prefix + child;
                continue;
            }

            foreach (var inner in Registered(module, $"{prefix}{child}."))
            {
                yield return inner;
            }
        }
    }
}
