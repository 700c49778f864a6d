using ResLora.Experiments.Comparing.Reports;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>The charts of sweep.html, one a key; the series of all of them are counted through.</summary>
internal static class ResponseCharts
{
    /// <summary>Each chart with what it shows.</summary>
    /// <param name="responses">The responses.</param>
    /// <param name="metric">The metric.</param>
    public static IEnumerable<(string Title, string Svg)> Of(IReadOnlyList<Response> responses, string metric)
    {
        var first = 0;
        foreach (var response in responses)
        {
            var note = (response.Note.Length == 0 ? "" : $"; {response.Note}")
                + (response.HasCuts ? "; crosses: left behind, so that the end is not known" : "");
            yield return ($"{metric} over {response.Key.Key}, mean and 95 % interval over seeds{note}", Chart(response, metric, first));
            first += response.Lines.Count;
        }
    }

    private static string Chart(Response response, string metric, int first)
    {
        var (least, most, cuts) = ResponsePlace.Range(response);
        var frame = new SvgFrame($"{metric} over {response.Key.Key}", (-0.5, response.Key.Values.Count - 0.5), (least, most));
        frame.TicksLeft(metric);
        frame.NamesBelow(response.Key.Name, response.Key.Values);
        foreach (var (i, line) in response.Lines.Index())
        {
            var shift = ResponsePlace.Shift(i, response.Lines.Count);
            (double X, Figure Figure)[] there = [.. ResponsePlace.Of(line.Figures, shift)];
            frame.Line(first + i, there.Select(one => (one.X, one.Figure.Mean!.Value)));
            foreach (var (x, figure) in there)
            {
                frame.Whisker(first + i, x, figure);
            }

            foreach (var x in ResponsePlace.OfCuts(line, shift))
            {
                frame.Cross(first + i, x, cuts);
            }
        }

        return frame.Close();
    }
}
