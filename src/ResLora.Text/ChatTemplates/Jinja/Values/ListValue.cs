namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>A list.</summary>
/// <param name="items">What is in it; never changed afterwards.</param>
internal sealed class ListValue(IReadOnlyList<object> items) : SequenceValue
{
    public override int Count => items.Count;

    public override object this[int index] => items[index];

    public override SequenceValue With(IReadOnlyList<object> items) => new ListValue(items);
}
