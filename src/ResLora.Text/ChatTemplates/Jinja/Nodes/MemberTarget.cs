using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>An attribute of a namespace.</summary>
internal sealed class MemberTarget(string owner, string name) : Target
{
    public override void Assign(Frame frame, object value)
    {
        var space = frame.Find(owner) as NamespaceValue
            ?? throw new JinjaError($"cannot assign attribute on non-namespace object '{owner}'");
        space.Attributes[name] = value;
    }
}
