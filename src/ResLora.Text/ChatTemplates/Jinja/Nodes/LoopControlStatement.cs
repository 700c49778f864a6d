namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>break</c> or <c>continue</c>.</summary>
internal sealed class LoopControlStatement(Flow flow, SourcePlace place) : Statement(place)
{
    protected override Flow Run(Frame frame) => flow;
}
