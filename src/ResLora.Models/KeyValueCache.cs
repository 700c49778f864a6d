using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>
/// Keys and values of the positions that a model has already seen, so that generation computes each position once.
/// Belongs to one sequence batch; not safe for several threads.
/// </summary>
/// <param name="layers">How many decoder layers the model has.</param>
/// <param name="capacity">The most positions that are stored, prompt included, unless <see cref="Reserve"/> makes room for more.</param>
public sealed class KeyValueCache(int layers, long capacity) : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)?[] _layers = new (Tensor, Tensor)?[layers];

    /// <summary>The most positions that can be stored.</summary>
    public long Capacity { get; private set; } = capacity;

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
        if (Length + count > Capacity)
        {
            throw new InvalidOperationException($"The key-value cache holds {Capacity} positions and {Length + count} are needed.");
        }

        var (storedKeys, storedValues) = _layers[layer] ??= (Allocate(keys), Allocate(values));
        using (var scope = NewDisposeScope())
        {
            storedKeys.narrow(2, Length, count).copy_(keys);
            storedValues.narrow(2, Length, count).copy_(values);
        }

        return (storedKeys.narrow(2, 0, Length + count), storedValues.narrow(2, 0, Length + count));
    }

    /// <summary>Makes room for more positions; what is stored stays.</summary>
    /// <param name="positions">The most positions that will be stored from now on.</param>
    public void Reserve(long positions)
    {
        if (positions <= Capacity)
        {
            return;
        }

        Capacity = positions;
        StoreAnew(seen => seen);
    }

    /// <summary>Forgets the newest positions, so that others can follow those before them.</summary>
    /// <param name="length">How many positions stay, at most <see cref="Length"/>.</param>
    public void Truncate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Forgets all sequences but some.</summary>
    /// <param name="rows">The places in the batch of those that stay, in the order that they will have.</param>
    public void Keep(IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var places = rows.Select(row => (long)row).ToArray();
        StoreAnew(seen => seen.index_select(0, tensor(places, device: seen.device)));
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

    /// <summary>Stores what has been seen in tensors of the capacity, a tensor at a time, so that little is held twice.</summary>
    /// <param name="choose">What stays of [B, K, P, E].</param>
    private void StoreAnew(Func<Tensor, Tensor> choose)
    {
        for (var layer = 0; layer < _layers.Length; layer++)
        {
            if (_layers[layer] is { } stored)
            {
                _layers[layer] = (Anew(stored.Keys), Anew(stored.Values));
            }
        }

        Tensor Anew(Tensor old)
        {
            using var scope = NewDisposeScope();
            var seen = choose(old.narrow(2, 0, Length));
            var anew = Allocate(seen);
            anew.narrow(2, 0, Length).copy_(seen);
            old.Dispose();
            return anew;
        }
    }

    private Tensor Allocate(Tensor like) =>
        empty([like.shape[0], like.shape[1], Capacity, like.shape[3]], like.dtype, like.device).DetachFromDisposeScope();
}
