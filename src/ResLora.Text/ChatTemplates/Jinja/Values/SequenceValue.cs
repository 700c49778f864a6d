namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Values in an order that have places; none of them can be changed.</summary>
internal abstract class SequenceValue
{
    /// <summary>How many there are.</summary>
    public abstract int Count { get; }

    /// <summary>The value at a place.</summary>
    public abstract object this[int index] { get; }

    /// <summary>All of them.</summary>
    public IEnumerable<object> Items()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    /// <summary>A sequence of the same type.</summary>
    public abstract SequenceValue With(IReadOnlyList<object> items);
}
