using System.Runtime.InteropServices;
using ResLora.Adapters;
using static TorchSharp.torch;

namespace ResLora.Training.Distributed.Pipeline;

/// <summary>Sends what goes over a cut to the stage on its other side: activations to the one behind, their gradients to the one
/// before.</summary>
/// <param name="ranks">The processes.</param>
/// <param name="other">The one on the other side.</param>
/// <param name="cut">What the shortcuts carry over it.</param>
internal sealed class CutLink(ICommunicator ranks, int other, ShortcutCut cut)
{
    private const int Dimensions = 3;
    private const int LengthOfEntry = 2 + Dimensions;

    /// <summary>What the shortcuts carry over it.</summary>
    public ShortcutCut Cut => cut;

    // How many tensors; of each its dtype, whether it has a gradient, and its shape; which of them each carried one is.
    private int LengthOfHeader => 1 + (LengthOfEntry * (1 + cut.Count)) + cut.Count;

    /// <summary>Sends activations.</summary>
    /// <param name="crossing">The activations, borrowed.</param>
    public void SendActivations(Crossing crossing)
    {
        var header = new long[LengthOfHeader];
        header[0] = crossing.Tensors.Count;
        for (var i = 0; i < crossing.Tensors.Count; i++)
        {
            var tensor = crossing.Tensors[i];
            var entry = header.AsSpan(1 + (LengthOfEntry * i), LengthOfEntry);
            (entry[0], entry[1]) = ((long)tensor.dtype, tensor.requires_grad ? 1 : 0);
            tensor.shape.CopyTo(entry[2..]);
        }

        crossing.Places.Select(place => (long)place).ToArray().CopyTo(header, header.Length - crossing.Places.Count);
        ranks.Send(MemoryMarshal.AsBytes(header.AsSpan()), other);
        foreach (var tensor in crossing.Tensors)
        {
            Send(tensor);
        }
    }

    /// <summary>Says, in the place of activations, that there will be none.</summary>
    public void SendEnd() => ranks.Send(MemoryMarshal.AsBytes(new long[LengthOfHeader].AsSpan()), other);

    /// <summary>Receives activations.</summary>
    /// <returns>Leaves of the graph, of which those require gradients that have one on the other side, owned by the caller; null when the
    /// other stage has sent the end.</returns>
    public Crossing? ReceiveActivations()
    {
        var header = new long[LengthOfHeader];
        ranks.Receive(MemoryMarshal.AsBytes(header.AsSpan()), other);
        if (header[0] == 0)
        {
            return null;
        }

        var tensors = new List<Tensor>();
        for (var i = 0; i < header[0]; i++)
        {
            var entry = header.AsSpan(1 + (LengthOfEntry * i), LengthOfEntry);
            var tensor = Receive(entry[2..].ToArray(), (ScalarType)entry[0]);
            tensor.requires_grad = entry[1] == 1;
            tensors.Add(tensor);
        }

        return new Crossing(tensors, [.. header.TakeLast(cut.Count).Select(place => (int)place)]);
    }

    /// <summary>Sends the gradients of activations that were received; zeros for what nothing has read.</summary>
    /// <param name="arrived">The activations, borrowed.</param>
    public void SendGradients(Crossing arrived)
    {
        foreach (var tensor in arrived.Tensors.Where(tensor => tensor.requires_grad))
        {
            using var scope = NewDisposeScope();
            Send(tensor.grad ?? zeros_like(tensor));
        }
    }

    /// <summary>Receives the gradients of activations that were sent.</summary>
    /// <param name="left">The activations, borrowed.</param>
    /// <returns>One for each of the tensors that require gradients, in the caller's dispose scope.</returns>
    public IReadOnlyList<Tensor> ReceiveGradients(Crossing left) =>
        [.. left.Tensors.Where(tensor => tensor.requires_grad).Select(tensor => Receive(tensor.shape, tensor.dtype))];

    /// <summary>Answers activations that were received: whether they should be the last ones.</summary>
    /// <param name="enough">Whether a stage from here on was asked to stop.</param>
    public void SendAnswer(bool enough) => ranks.Send([enough ? (byte)1 : (byte)0], other);

    /// <summary>Receives the answer to activations that were sent.</summary>
    /// <returns>Whether a stage behind was asked to stop.</returns>
    public bool ReceiveAnswer()
    {
        Span<byte> answer = [0];
        ranks.Receive(answer, other);
        return answer[0] == 1;
    }

    private void Send(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        ranks.Send(tensor.detach().contiguous().bytes, other);
    }

    private Tensor Receive(long[] shape, ScalarType dtype)
    {
        var tensor = empty(shape, dtype: dtype);
        ranks.Receive(tensor.bytes, other);
        return tensor;
    }
}
