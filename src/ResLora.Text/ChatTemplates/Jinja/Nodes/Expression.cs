namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A part of a template that has a value.</summary>
/// <param name="place">Where it stands.</param>
internal abstract class Expression(SourcePlace place)
{
    /// <summary>Where it stands.</summary>
    public SourcePlace Place { get; } = place;

    /// <summary>Its value.</summary>
    /// <exception cref="JinjaError">It has none; tells the place.</exception>
    public object Evaluate(Frame frame)
    {
        try
        {
            Rendering.RequireStack();
            frame.Rendering.Spend(1);
            return Value(frame);
        }
        catch (JinjaError error) when (error.IsCaughtAt(Place))
        {
            throw;
        }
    }

    /// <summary>Its value.</summary>
    protected abstract object Value(Frame frame);
}
