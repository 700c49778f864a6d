namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>What a block writes, as a value: the body of a <c>set</c> or <c>filter</c> block.</summary>
internal sealed class CapturedExpression(BlockStatement body, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame) => body.Capture(frame);
}
