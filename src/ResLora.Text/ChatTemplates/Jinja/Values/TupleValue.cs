namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>A tuple.</summary>
/// <param name="items">What is in it; never changed afterwards.</param>
internal class TupleValue(params IReadOnlyList<object> items) : SequenceValue
{
    public override int Count => items.Count;

    public override object this[int index] => items[index];

    public override SequenceValue With(IReadOnlyList<object> items) => new TupleValue(items);
}
