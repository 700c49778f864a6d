using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A call whose callee gets a block as <c>caller</c>.</summary>
internal sealed class CallStatement(CallExpression call, MacroSignature signature, BlockStatement body, SourcePlace place)
    : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        frame.Write(PythonText.Of(frame.Rendering, call.CallWith(frame, new MacroValue(signature, body, frame))));
        return Flow.Next;
    }
}
