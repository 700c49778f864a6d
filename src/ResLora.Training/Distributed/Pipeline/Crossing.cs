using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ResLora.Training.Distributed.Pipeline;

/// <summary>
/// What goes over a cut between two stages in one pass: the hidden states, and what the shortcuts carry. One tensor that several blocks
/// carry, such as the input of a layer's q and v, goes once.
/// </summary>
/// <param name="tensors">The hidden states [B, T, D], then the others, each once; become the crossing's.</param>
/// <param name="places">Which of the tensors each carried one is.</param>
internal sealed class Crossing(IReadOnlyList<Tensor> tensors, IReadOnlyList<int> places) : IDisposable
{
    /// <summary>The hidden states, then the others, each once.</summary>
    public IReadOnlyList<Tensor> Tensors { get; } = [.. tensors.Select(tensor => tensor.DetachFromDisposeScope())];

    /// <summary>Which of <see cref="Tensors"/> each carried one is.</summary>
    public IReadOnlyList<int> Places => places;

    /// <summary>The hidden states [B, T, D].</summary>
    public Tensor Hidden => Tensors[0];

    /// <summary>What the shortcuts carry, as a <see cref="Adapters.ShortcutCut"/> orders it.</summary>
    public IReadOnlyList<Tensor> Carried => [.. places.Select(place => Tensors[place])];

    /// <summary>Puts together what leaves a stage.</summary>
    /// <param name="hidden">[B, T, D]; becomes the crossing's.</param>
    /// <param name="carried">What the shortcuts carry; become the crossing's.</param>
    /// <returns>The crossing, owned by the caller.</returns>
    public static Crossing Leaving(Tensor hidden, IReadOnlyList<Tensor> carried)
    {
        var tensors = new List<Tensor> { hidden };
        var places = new List<int>();
        foreach (var tensor in carried)
        {
            var place = tensors.FindIndex(1, known => IsSame(known, tensor));
            if (place < 0)
            {
                place = tensors.Count;
                tensors.Add(tensor);
            }
            else
            {
                tensor.Dispose();
            }

            places.Add(place);
        }

        return new Crossing(tensors, places);
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors)
        {
            tensor.Dispose();
        }
    }

    private static bool IsSame(Tensor a, Tensor b) =>
        a.shape.AsSpan().SequenceEqual(b.shape) && a.is_contiguous() && b.is_contiguous()
        && Unsafe.AreSame(ref MemoryMarshal.GetReference(a.bytes), ref MemoryMarshal.GetReference(b.bytes));
}
