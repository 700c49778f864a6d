namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>The declaration of a macro.</summary>
internal sealed class MacroStatement(MacroSignature signature, BlockStatement body, SourcePlace place) : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        frame.Set(signature.Name, new MacroValue(signature, body, frame));
        return Flow.Next;
    }
}
