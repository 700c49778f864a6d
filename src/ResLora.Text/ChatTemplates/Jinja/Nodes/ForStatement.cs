using System.Text;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A loop.</summary>
/// <param name="target">What each value is put into.</param>
/// <param name="values">The values.</param>
/// <param name="test">Which of them count; null for all.</param>
/// <param name="body">What is done with each.</param>
/// <param name="otherwise">What is done when there are none.</param>
/// <param name="isRecursive">Whether <c>loop</c> can be called with further values.</param>
/// <param name="place">Where it stands.</param>
internal sealed class ForStatement(
    Target target, Expression values, Expression? test, BlockStatement body, BlockStatement? otherwise, bool isRecursive,
        SourcePlace place) : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        Loop(frame, values.Evaluate(frame), 0, frame.Output);
        return Flow.Next;
    }

    private void Loop(Frame frame, object all, int depth, StringBuilder output)
    {
        Func<Rendering, object, string>? again = isRecursive ? (rendering, further) => Again(rendering, frame, further, depth + 1) : null;
        var loop = new LoopValue(Counted(frame, all), depth, again);
        var any = false;
        while (loop.MoveNext())
        {
            any = true;
            var inner = frame.Inner(output);
            inner.Set("loop", loop);
            target.Assign(inner, loop.Current);
            if (body.Execute(inner) == Flow.Break)
            {
                return;
            }
        }

        if (!any)
        {
            otherwise?.Execute(frame.Inner(output));
        }
    }

    private string Again(Rendering rendering, Frame frame, object further, int depth) => rendering.Within(() =>
    {
        var output = new StringBuilder();
        Loop(frame, further, depth, output);
        return output.ToString();
    });

    private IEnumerable<object> Counted(Frame frame, object all)
    {
        foreach (var value in Iteration.Of(all))
        {
            if (test is not null)
            {
                var inner = frame.Inner();
                target.Assign(inner, value);
                if (!Truth.Of(test.Evaluate(inner)))
                {
                    continue;
                }
            }

            yield return value;
        }
    }
}
