namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>The keys, values or entries of a mapping: they have a number and an order, but no places.</summary>
/// <param name="kind"><c>keys</c>, <c>values</c> or <c>items</c>.</param>
/// <param name="owner">The mapping.</param>
internal sealed class DictView(string kind, DictValue owner)
{
    public string Kind { get; } = kind;

    public int Count => owner.Count;

    public IEnumerable<object> Items() => owner.Entries.Select(entry => Kind switch
    {
        "keys" => entry.Key,
        "values" => entry.Value,
        _ => new TupleValue(entry.Key, entry.Value),
    });
}
