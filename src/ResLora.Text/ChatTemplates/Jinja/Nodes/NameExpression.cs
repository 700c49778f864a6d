namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A variable.</summary>
internal sealed class NameExpression(string name, SourcePlace place) : Expression(place)
{
    /// <summary>Its name.</summary>
    public string Name => name;

    protected override object Value(Frame frame) => frame.Find(name);
}
