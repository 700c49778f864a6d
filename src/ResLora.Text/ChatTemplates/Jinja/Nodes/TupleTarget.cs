using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>Several targets, for as many values.</summary>
internal sealed class TupleTarget(IReadOnlyList<Target> targets) : Target
{
    public override void Assign(Frame frame, object value)
    {
        var values = Iteration.List(frame.Rendering, Iteration.Of(value).Take(targets.Count + 1));
        if (values.Count != targets.Count)
        {
            throw new JinjaError(values.Count > targets.Count
                ? $"too many values to unpack (expected {targets.Count})"
                : $"not enough values to unpack (expected {targets.Count}, got {values.Count})");
        }

        for (var i = 0; i < values.Count; i++)
        {
            targets[i].Assign(frame, values[i]);
        }
    }
}
