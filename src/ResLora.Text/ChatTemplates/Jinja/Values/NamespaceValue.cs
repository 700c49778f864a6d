namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>The one value that a template may change: attributes that outlive the loop in which they are set.</summary>
internal sealed class NamespaceValue : IAttributes
{
    /// <summary>The attributes in the order of their first setting.</summary>
    public OrderedDictionary<string, object> Attributes { get; } = new(StringComparer.Ordinal);

    public object? Attribute(string name) => Attributes.GetValueOrDefault(name);
}
