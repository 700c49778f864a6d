namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A variable that is set.</summary>
internal sealed class NameTarget(string name) : Target
{
    public override void Assign(Frame frame, object value) => frame.Set(name, value);
}
