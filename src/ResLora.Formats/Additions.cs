using System.Collections.Immutable;

namespace ResLora.Formats;

/// <summary>What callers have added to a registry, in order. Any thread may add and take out.</summary>
/// <typeparam name="T">What is registered.</typeparam>
public sealed class Additions<T> where T : class
{
    private ImmutableList<T> _items = [];

    /// <summary>What is registered now.</summary>
    public IReadOnlyList<T> Items => _items;

    /// <summary>Adds one.</summary>
    /// <param name="item">What is added.</param>
    /// <returns>Disposing it takes the item out again.</returns>
    public IDisposable Add(T item)
    {
        ImmutableInterlocked.Update(ref _items, items => items.Add(item));
        return new Addition(this, item);
    }

    private sealed class Addition(Additions<T> all, T item) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref all._items, items => items.Remove(item));
    }
}
