using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>
/// Keys and values of the positions that a model has already seen, so that generation computes each position once.
/// Belongs to one sequence batch; not safe for several threads.
/// </summary>
/// <param name="layers">How many decoder layers the model has.</param>
/// <param name="capacity">The most positions that will ever be stored, prompt included.</param>
public sealed class KeyValueCache(int layers, long capacity) : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)?[] _layers = new (Tensor, Tensor)?[layers];

    /// <summary>Positions stored so far (the same in every layer between two forward passes).</summary>
    public long Length { get; private set; }

    /// <summary>Stores the new positions of one layer and returns everything that the layer has seen.</summary>
    /// <param name="layer">The layer's index, from 0.</param>
    /// <param name="keys">[B, K, T, E], borrowed.</param>
    /// <param name="values">[B, K, T, E], borrowed.</param>
    /// <returns>Views [B, K, P + T, E] of the stored keys and values; new handles, owned by the caller.</returns>
    /// <exception cref="InvalidOperationException">The capacity is used up.</exception>
    public (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        var count = keys.shape[2];
        if (Length + count > capacity)
        {
            throw new InvalidOperationException($"The key-value cache holds {capacity} positions and {Length + count} are needed.");
        }

        var (storedKeys, storedValues) = _layers[layer] ??= (Allocate(keys), Allocate(values));
        using (var scope = NewDisposeScope())
        {
            storedKeys.narrow(2, Length, count).copy_(keys);
            storedValues.narrow(2, Length, count).copy_(values);
        }

        return (storedKeys.narrow(2, 0, Length + count), storedValues.narrow(2, 0, Length + count));
    }

    /// <summary>Ends a forward pass: its positions now count as seen.</summary>
    /// <param name="count">T, the new positions of the pass.</param>
    public void Advance(long count) => Length += count;

    /// <summary>Frees the stored keys and values.</summary>
    public void Dispose()
    {
        foreach (var layer in _layers)
        {
            layer?.Keys.Dispose();
            layer?.Values.Dispose();
        }

        Array.Clear(_layers);
    }

    private Tensor Allocate(Tensor like) =>
        empty([like.shape[0], like.shape[1], capacity, like.shape[3]], like.dtype, like.device).DetachFromDisposeScope();
}
