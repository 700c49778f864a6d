using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>A mapping in the order of insertion; not changed once it is made.</summary>
/// <param name="rendering">Counts the comparing of keys.</param>
internal sealed class DictValue(Rendering rendering)
{
    private readonly OrderedDictionary<object, object> _entries = new(new KeyComparer(rendering));

    /// <summary>How many entries there are.</summary>
    public int Count => _entries.Count;

    /// <summary>The keys in order.</summary>
    public IEnumerable<object> Keys => _entries.Keys;

    /// <summary>The entries in order.</summary>
    public IEnumerable<KeyValuePair<object, object>> Entries => _entries;

    /// <summary>Sets an entry, in the place of the one of the same key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="JinjaError">The key cannot be one.</exception>
    public void Set(object key, object value)
    {
        RequireHashable(key);
        _entries[key] = value;
    }

    /// <summary>Looks up an entry.</summary>
    public bool TryGet(object key, [MaybeNullWhen(false)] out object value) => _entries.TryGetValue(key, out value);

    /// <summary>Whether a value can be a key.</summary>
    public static bool IsHashable(object key) => key switch
    {
        ListValue or DictValue => false,
        TupleValue tuple => tuple.Items().All(item => item is not TupleValue && IsHashable(item)),
        _ => true,
    };

    /// <summary>Looks whether a value can be a key.</summary>
    /// <exception cref="JinjaError">It cannot.</exception>
    public static void RequireHashable(object key)
    {
        if (!IsHashable(key))
        {
            throw new JinjaError($"unhashable type: '{TypeNames.Of(key)}'");
        }
    }

    private sealed class KeyComparer(Rendering rendering) : IEqualityComparer<object>
    {
        public new bool Equals(object? x, object? y) => Equality.Equal(rendering, x!, y!);

        public int GetHashCode(object key) => key switch
        {
            string text => text.GetHashCode(StringComparison.Ordinal),
            Markup markup => markup.Text.GetHashCode(StringComparison.Ordinal),
            bool flag => (flag ? BigInteger.One : BigInteger.Zero).GetHashCode(),
            double number when double.IsInteger(number) => new BigInteger(number).GetHashCode(),
            TupleValue tuple => tuple.Count,
            _ => key.GetHashCode(),
        };
    }
}
