using System.Globalization;

namespace ResLora.Training.Distributed.Nccl;

/// <summary>Where a rank computes, as it tells the others.</summary>
/// <param name="Host">Its host.</param>
/// <param name="Gpu">The GPU's place on the host; null for a processor, and where it is not known.</param>
/// <param name="Problem">Why NCCL cannot be used there, a phrase; null where it can.</param>
internal sealed record NcclPlace(string Host, string? Gpu, string? Problem)
{
    /// <summary>Why ranks cannot use NCCL together.</summary>
    /// <param name="places">Where they are, in their order.</param>
    /// <returns>A phrase; null when they can.</returns>
    public static string? WhyNot(IReadOnlyList<NcclPlace> places)
    {
        if (places.Index().FirstOrDefault(place => place.Item.Problem is not null) is (var rank, { Problem: { } problem } place))
        {
            return string.Create(CultureInfo.InvariantCulture, $"rank {rank} on {place.Host}: {problem}");
        }

        var shared = places.Index().GroupBy(place => (place.Item.Host, place.Item.Gpu)).FirstOrDefault(ranks => ranks.Count() > 1);
        var numbers = shared?.Select(place => place.Index.ToString(CultureInfo.InvariantCulture));
        return shared is null
            ? null
            : $"ranks {string.Join(" and ", numbers!)} on {shared.Key.Host} share a GPU, which NCCL cannot; "
                + "start as many ranks as there are GPUs";
    }
}
