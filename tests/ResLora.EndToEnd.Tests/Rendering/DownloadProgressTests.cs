using ResLora.Cli.Rendering;
using ResLora.Hub;
using Xunit;

namespace ResLora.EndToEnd.Tests.Rendering;

public sealed class DownloadProgressTests
{
    [Fact]
    public void Line_OfADownloadThatGoesOn_CountsTheSpeedOfWhatCameNow()
    {
        var progress = new HubProgress("hub:org/name", 600_000_000, 1_000_000_000, 2, 4);

        var line = DownloadProgress.Line(progress, bytesAtFirst: 400_000_000, TimeSpan.FromSeconds(10));

        Assert.Equal("hub:org/name: 600.0 MB of 1.0 GB, file 3 of 4, 20.0 MB/s, 0:20 left", line);
    }

    [Fact]
    public void Line_BeforeAnythingCame_SaysNoSpeed()
    {
        var progress = new HubProgress("hub:org/name", 400, 1000, 0, 1);

        var line = DownloadProgress.Line(progress, bytesAtFirst: 400, TimeSpan.FromSeconds(3));

        Assert.Equal("hub:org/name: 400 bytes of 1.0 kB, file 1 of 1", line);
    }

    [Fact]
    public void Line_OfASlowDownload_DoesNotOverflow()
    {
        var progress = new HubProgress("hub:org/name", 2, long.MaxValue, 0, 1);

        var line = DownloadProgress.Line(progress, bytesAtFirst: 0, TimeSpan.FromSeconds(1));

        Assert.EndsWith("file 1 of 1, 2 bytes/s", line, StringComparison.Ordinal);
    }
}
