namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>A group that <c>groupby</c> makes: a tuple whose two places have names.</summary>
/// <param name="grouper">What the members share.</param>
/// <param name="members">The members.</param>
internal sealed class GroupValue(object grouper, ListValue members) : TupleValue(grouper, members), IAttributes
{
    public object? Attribute(string name) => name switch
    {
        "grouper" => this[0],
        "list" => this[1],
        _ => null,
    };
}
