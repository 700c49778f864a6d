using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A call.</summary>
internal sealed class CallExpression(Expression callee, Arguments arguments, SourcePlace place) : Expression(place)
{
    /// <summary>Calls with one more argument, the body of a <c>call</c> block.</summary>
    public object CallWith(Frame frame, CallableValue caller)
    {
        try
        {
            return Call(frame, values => values with { Named = [.. values.Named, ("caller", caller)] });
        }
        catch (JinjaError error) when (error.IsCaughtAt(Place))
        {
            throw;
        }
    }

    protected override object Value(Frame frame) => Call(frame, values => values);

    private object Call(Frame frame, Func<CallArguments, CallArguments> complete)
    {
        var value = callee.Evaluate(frame);
        var callable = value as CallableValue
            ?? throw (value as Undefined)?.Error() ?? new JinjaError($"'{TypeNames.Of(value)}' object is not callable");
        return callable.Call(frame.Rendering, complete(arguments.Evaluate(frame)));
    }
}
