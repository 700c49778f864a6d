namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A part of a template that does something.</summary>
/// <param name="place">Where it stands.</param>
internal abstract class Statement(SourcePlace place)
{
    /// <summary>Where it stands.</summary>
    public SourcePlace Place { get; } = place;

    /// <summary>Does it.</summary>
    /// <exception cref="JinjaError">It cannot be done; tells the place.</exception>
    public Flow Execute(Frame frame)
    {
        try
        {
            Rendering.RequireStack();
            frame.Rendering.Spend(1);
            return Run(frame);
        }
        catch (JinjaError error) when (error.IsCaughtAt(Place))
        {
            throw;
        }
    }

    /// <summary>Does it.</summary>
    protected abstract Flow Run(Frame frame);
}
